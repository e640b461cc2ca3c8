import ZooPlugin

extension Catalogue {
  /// ONNX ArgMin.
  static func argMin(_ host: Host) -> any Operator { argOperator("ArgMin", largest: false) }
}
