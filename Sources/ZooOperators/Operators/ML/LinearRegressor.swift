extension OperatorDeclaration {
  /// ai.onnx.ml LinearRegressor: a linear function of each row for each target.
  static let linearRegressor = OperatorDeclaration("LinearRegressor", domain: machineLearning) { node in
    let targets = try node.int("targets", default: 1)
    try node.require(targets > 0, "attribute targets is \(targets)")
    return [[try node.rows().count, Dim(targets)]]
  }.byRow()
}
