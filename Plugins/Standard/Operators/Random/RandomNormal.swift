import ZooPlugin

extension Catalogue {
  /// ONNX RandomNormal.
  static func randomNormal(_ host: Host) -> any Operator {
    randomOperator("RandomNormal", normalDistribution)
  }
}
