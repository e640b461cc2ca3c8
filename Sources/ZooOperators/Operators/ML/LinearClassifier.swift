extension OperatorDeclaration {
  /// ai.onnx.ml LinearClassifier: the label of the best class of each row, and a linear score for each class.
  static let linearClassifier = OperatorDeclaration(
    "LinearClassifier", domain: machineLearning,
    types: { node in [.tensor(try node.classLabels().type), .tensor(.float32)] }
  ) { node in
    let rows = try node.rows().count
    let labels = try node.classLabels().count
    let intercepts = try node.floats("intercepts")?.count ?? 0
    let scores = intercepts > 0 ? intercepts : labels
    try node.require(scores > 0, "there are neither labels nor intercepts")
    // One score for two labels is the second one's.
    return [[rows], [rows, scores == 1 && labels == 2 ? 2 : Dim(scores)]]
  }
}
