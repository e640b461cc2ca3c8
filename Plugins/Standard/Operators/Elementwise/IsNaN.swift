import ZooPlugin

extension Catalogue {
  /// ONNX IsNaN.
  static func isNaN(_ host: ZooHost) -> any Operator { testOperator("IsNaN", since: 9) { _ in .isNaN } }
}
