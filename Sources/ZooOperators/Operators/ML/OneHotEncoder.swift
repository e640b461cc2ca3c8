extension OperatorDeclaration {
  /// ai.onnx.ml OneHotEncoder: ones at the places of categories, along a new last axis.
  static let oneHotEncoder = OperatorDeclaration("OneHotEncoder", domain: machineLearning) { node in
    let categories = try node.classLabels(ints: "cats_int64s", strings: "cats_strings").count
    try node.require(categories > 0, "there are no categories")
    return [try node.shape(0) + [Dim(categories)]]
  }
}
