extension OperatorDeclaration {
  /// ONNX TfIdfVectorizer: how often n-grams of a pool occur in a sequence, or in each row of a matrix.
  static let tfIdfVectorizer = OperatorDeclaration("TfIdfVectorizer") { node in
    guard let indexes = try node.ints("ngram_indexes"), let greatest = indexes.max() else {
      throw node.invalid("attribute ngram_indexes is missing or empty")
    }
    try node.require(indexes.allSatisfy { $0 >= 0 }, "ngram_indexes holds \(indexes.min() ?? 0)")
    let shape = try node.shape(0)
    try node.require(shape.count <= 2, "the input has the shape \(shape), not [C] or [N, C]")
    return [shape.count == 2 ? [shape[0], Dim(greatest) + 1] : [Dim(greatest) + 1]]
  }
}
