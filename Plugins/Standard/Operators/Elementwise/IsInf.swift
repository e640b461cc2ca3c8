import ZooPlugin

extension Catalogue {
  /// ONNX IsInf, of the signs asked for.
  static func isInf(_ host: ZooHost) -> any Operator {
    testOperator("IsInf", since: 10) { node in
      .isInfinite(
        positive: try node.attributes.int("detect_positive") ?? 1 != 0,
        negative: try node.attributes.int("detect_negative") ?? 1 != 0)
    }
  }
}
