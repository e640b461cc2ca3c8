import ZooPlugin

extension Catalogue {
  /// ONNX ArgMin.
  static func argMin(_ host: ZooHost) -> any Operator { argOperator("ArgMin", largest: false) }
}
