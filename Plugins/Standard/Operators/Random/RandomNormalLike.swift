import ZooPlugin

extension Catalogue {
  /// ONNX RandomNormalLike.
  static func randomNormalLike(_ host: ZooHost) -> any Operator {
    randomOperator("RandomNormalLike", normalDistribution)
  }
}
