import ZooPlugin

extension Catalogue {
  /// ONNX HannWindow.
  static func hannWindow(_ host: ZooHost) -> any Operator { windowOperator("HannWindow", factors: [0.5, -0.5]) }
}
