import ZooPlugin

extension Catalogue {
  /// ONNX CumSum.
  static func cumSum(_ host: Host) -> any Operator { cumulateOperator("CumSum", since: 11, product: false) }
}
