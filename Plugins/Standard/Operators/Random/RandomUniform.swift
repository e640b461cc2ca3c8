import ZooPlugin

extension Catalogue {
  /// ONNX RandomUniform.
  static func randomUniform(_ host: Host) -> any Operator {
    randomOperator("RandomUniform", uniformDistribution)
  }
}
