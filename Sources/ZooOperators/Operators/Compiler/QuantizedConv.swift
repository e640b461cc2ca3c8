import ZooCore

extension OperatorDeclaration {
  /// zoo.QuantizedConv: Conv of bytes by int8, with what they stand for: image, weights, bias, the image's scale and zero
  /// point, the weights' scales.
  static let quantizedConv = OperatorDeclaration(
    "QuantizedConv", domain: compilerDomain, .product,
    types: TypeSignature("T int8 ?float32 float32 T float32 -> float32").rule
  ) { node in
    try node.requireType(.int8, of: [1])
    try node.requireType(.float32, of: [2, 3, 5])
    return [try node.convolutionShape(weights: 1, bias: 2)]
  }
}
