import ZooCore

extension OperatorDeclaration {
  /// com.microsoft QGemm: Gemm of quantized matrices; without the result's scale and zero point, as float32.
  static let qGemm = OperatorDeclaration(
    "QGemm", domain: microsoftDomain,
    types: { node in [try node.has(8) ? node.facts(8).kind : .tensor(.float32)] }
  ) { node in [try node.matrixProductAndSum(a: 0, b: 3, c: 6)] }
}
