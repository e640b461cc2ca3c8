import ZooPlugin

extension Catalogue {
  /// ONNX RandomUniform.
  static func randomUniform(_ host: ZooHost) -> any Operator {
    randomOperator("RandomUniform", uniformDistribution)
  }
}
