import ZooPlugin

extension Catalogue {
  /// ONNX HammingWindow.
  static func hammingWindow(_ host: ZooHost) -> any Operator {
    windowOperator("HammingWindow", factors: [25.0 / 46, -21.0 / 46])
  }
}
