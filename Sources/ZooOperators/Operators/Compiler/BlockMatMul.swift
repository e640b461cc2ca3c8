import ZooCore

extension OperatorDeclaration {
  /// zoo.BlockMatMul: the product of (…, rows, depth) and the transposed matrix that bytes in GGUF's blocks, (columns, bytes of a
  /// row), stand for.
  static let blockMatMul = OperatorDeclaration(
    "BlockMatMul", domain: compilerDomain, .product, types: TypeSignature("float32 uint8 -> float32").rule
  ) { node in
    _ = try node.blockType()
    let (a, b) = (try node.shape(0), try node.shape(1))
    try node.require(a.count >= 2 && b.count == 2, "\(a) and \(b) are no matrices")
    return [a.dropLast() + [b[0]]]
  }
}
