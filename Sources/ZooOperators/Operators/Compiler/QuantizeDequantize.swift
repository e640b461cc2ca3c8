import ZooCore

extension OperatorDeclaration {
  /// zoo.QuantizeDequantize: numbers rounded to what eight bits can hold, by scales and zero points as QuantizeLinear has
  /// them.
  static let quantizeDequantize = OperatorDeclaration(
    "QuantizeDequantize", domain: compilerDomain, .keepsZero,
    types: TypeSignature("float32 float32 _ -> float32").rule
  ) { node in
    try node.requireType(.float32, of: [0, 1])
    if let type = try node.facts(2).elementType {
      try node.require(type == .int8 || type == .uint8, "numbers are not rounded to \(type.name)")
    }
    return [try node.quantizedShape()]
  }
}
