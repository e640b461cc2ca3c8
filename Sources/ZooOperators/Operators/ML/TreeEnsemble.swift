extension OperatorDeclaration {
  /// ai.onnx.ml TreeEnsemble and its elder, TreeEnsembleRegressor: for each row the sum, mean, least or greatest of what the
  /// trees' leaves say of each target.
  static func treeEnsemble(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(name, domain: machineLearning) { node in
      guard let targets = try node.int("n_targets") else { return [[try node.rows().count, .unknown()]] }
      try node.require(targets > 0, "attribute n_targets is \(targets)")
      return [[try node.rows().count, Dim(targets)]]
    }
  }
}
