import ZooPlugin

extension Catalogue {
  /// ONNX RandomUniformLike.
  static func randomUniformLike(_ host: Host) -> any Operator {
    randomOperator("RandomUniformLike", uniformDistribution)
  }
}
