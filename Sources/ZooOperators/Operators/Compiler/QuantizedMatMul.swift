import ZooCore

extension OperatorDeclaration {
  /// zoo.QuantizedMatMul: MatMul of bytes with what they stand for: A, B, A's scale and zero point, B's.
  static let quantizedMatMul = OperatorDeclaration(
    "QuantizedMatMul", domain: compilerDomain, .product,
    types: TypeSignature("T U float32 T float32 ?U -> float32").rule
  ) { node in
    try node.requireType(.float32, of: [2, 4])
    var b = try node.shape(1)
    if try node.flag("transB"), b.count >= 2 { b.swapAt(b.count - 2, b.count - 1) }
    return [try node.matrixProduct(node.shape(0), b)]
  }
}
