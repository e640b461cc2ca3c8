import ZooPlugin

extension Catalogue {
  /// ONNX RandomNormal.
  static func randomNormal(_ host: ZooHost) -> any Operator {
    randomOperator("RandomNormal", normalDistribution)
  }
}
