import ZooPlugin

extension Catalogue {
  /// ONNX RandomUniformLike.
  static func randomUniformLike(_ host: ZooHost) -> any Operator {
    randomOperator("RandomUniformLike", uniformDistribution)
  }
}
