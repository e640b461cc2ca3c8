extension OperatorDeclaration {
  /// ai.onnx.ml SVMRegressor: a sum over support vectors for each row.
  static let svmRegressor = OperatorDeclaration("SVMRegressor", domain: machineLearning) { node in
    [[try node.rows().count, 1]]
  }
}
