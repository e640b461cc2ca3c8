extension OperatorDeclaration {
  /// ONNX QLinearConv: a convolution of quantized tensors, quantized again.
  static let qLinearConv = OperatorDeclaration("QLinearConv") { node in
    if node.has(8) { try node.requireType(8, .int32) }
    return [try node.convolutionShape(weights: 3, bias: 8)]
  }
}
