import ZooCore

extension OperatorDeclaration {
  /// ai.onnx.ml ArrayFeatureExtractor: the places of the last axis that `Y` numbers. One row gives a matrix of one row, as
  /// ONNX Runtime has it.
  static let arrayFeatureExtractor = OperatorDeclaration("ArrayFeatureExtractor", domain: machineLearning) { node in
    let (shape, places) = (try node.shape(0), try node.facts(1))
    try node.require(!shape.isEmpty, "X is a scalar")
    if let kind = places.kind { try node.require(kind == .tensor(.int64), "Y is \(kind.name), not int64") }
    return [(shape.count == 1 ? [1] : shape.dropLast()) + [places.shape?.product ?? .unknown()]]
  }
}
