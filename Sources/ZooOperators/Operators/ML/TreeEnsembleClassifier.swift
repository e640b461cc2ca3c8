extension OperatorDeclaration {
  /// ai.onnx.ml TreeEnsembleClassifier: the label of the best class of each row, and the score of each class.
  static let treeEnsembleClassifier = OperatorDeclaration(
    "TreeEnsembleClassifier", domain: machineLearning,
    types: { node in [.tensor(try node.classLabels(ints: "classlabels_int64s").type), .tensor(.float32)] }
  ) { node in
    let rows = try node.rows().count
    let labels = try node.classLabels(ints: "classlabels_int64s").count
    try node.require(labels > 0, "there are no labels of classes")
    return [[rows], [rows, Dim(labels)]]
  }
}
