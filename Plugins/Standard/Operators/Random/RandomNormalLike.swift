import ZooPlugin

extension Catalogue {
  /// ONNX RandomNormalLike.
  static func randomNormalLike(_ host: Host) -> any Operator {
    randomOperator("RandomNormalLike", normalDistribution)
  }
}
