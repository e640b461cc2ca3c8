import ZooPlugin

extension Catalogue {
  /// ONNX CumSum.
  static func cumSum(_ host: ZooHost) -> any Operator { cumulateOperator("CumSum", since: 11, product: false) }
}
