extension OperatorDeclaration {
  /// ONNX Conv: a convolution over the axes behind batch and channels.
  static let conv = OperatorDeclaration("Conv", [.product, .keepsZero]) { node in
    [try node.convolutionShape(weights: 1, bias: 2)]
  }.byRow().derivative { try $0.gradientsOfConvolution() }
}
