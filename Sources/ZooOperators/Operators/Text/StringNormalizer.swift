extension OperatorDeclaration {
  /// ONNX StringNormalizer: texts [C] or [1, C] without stop words, in lower or upper case; one empty text where none is
  /// left.
  static let stringNormalizer = OperatorDeclaration("StringNormalizer") { node in
    let shape = try node.shape(0)
    try node.require(
      shape.count == 1 || shape.count == 2 && shape[0].equals(1) != false,
      "the input has the shape \(shape), not [C] or [1, C]")
    let keepsAll = try node.texts("stopwords") ?? [] == []
    let count: Dim = keepsAll ? .maximum(shape[shape.count - 1], 1) : .unknown()
    return [shape.count == 1 ? [count] : [1, count]]
  }
}
