import ZooCore

extension OperatorDeclaration {
  /// zoo.DequantizeAdd: x + (q − zero) · scale, of one shape.
  static let dequantizeAdd = dequantizeBinary("DequantizeAdd")

  /// zoo.DequantizeMul: x · (q − zero) · scale, of one shape.
  static let dequantizeMul = dequantizeBinary("DequantizeMul")

  private static func dequantizeBinary(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(
      name, domain: compilerDomain, [.elementwise, .keepsZero],
      types: TypeSignature("float32 T float32 T -> float32").rule
    ) { node in
      try node.requireType(.float32, of: [0, 2])
      return [try node.requireEqual(1, to: node.shape(0))]
    }
  }
}
