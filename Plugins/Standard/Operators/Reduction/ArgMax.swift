import ZooPlugin

extension Catalogue {
  /// ONNX ArgMax.
  static func argMax(_ host: ZooHost) -> any Operator { argOperator("ArgMax", largest: true) }
}
