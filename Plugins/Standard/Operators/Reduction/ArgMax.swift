import ZooPlugin

extension Catalogue {
  /// ONNX ArgMax.
  static func argMax(_ host: Host) -> any Operator { argOperator("ArgMax", largest: true) }
}
