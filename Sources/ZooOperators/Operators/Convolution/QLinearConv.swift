extension OperatorDeclaration {
  /// ONNX QLinearConv: a convolution of quantized tensors, quantized again.
  static let qLinearConv = OperatorDeclaration("QLinearConv") { node in
    [try node.convolutionShape(weights: 3, bias: 8)]
  }
}
