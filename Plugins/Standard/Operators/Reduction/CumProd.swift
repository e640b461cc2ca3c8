import ZooPlugin

extension Catalogue {
  /// ONNX CumProd.
  static func cumProd(_ host: ZooHost) -> any Operator { cumulateOperator("CumProd", since: 26, product: true) }
}
