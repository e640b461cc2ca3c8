extension OperatorDeclaration {
  /// ONNX ConvInteger: a convolution of 8-bit integers, whose sums are int32.
  static let convInteger = OperatorDeclaration("ConvInteger", .keepsZero) { node in
    [try node.convolutionShape(weights: 1, bias: nil)]
  }
}
