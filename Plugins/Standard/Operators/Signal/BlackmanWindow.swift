import ZooPlugin

extension Catalogue {
  /// ONNX BlackmanWindow.
  static func blackmanWindow(_ host: ZooHost) -> any Operator {
    windowOperator("BlackmanWindow", factors: [0.42, -0.5, 0.08])
  }
}
