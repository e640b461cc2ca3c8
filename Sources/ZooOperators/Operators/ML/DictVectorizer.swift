extension OperatorDeclaration {
  /// ai.onnx.ml DictVectorizer: a map's values in the order of a vocabulary, as a matrix of one row, as ONNX Runtime has it.
  static let dictVectorizer = OperatorDeclaration(
    "DictVectorizer", domain: machineLearning,
    types: { node in
      let kind = try node.kind(0)
      guard case .map(_, let value) = kind else { throw node.invalid("input 0 is \(kind.name), not a map") }
      return [value]
    }
  ) { node in
    let vocabulary = try node.classLabels(ints: "int64_vocabulary", strings: "string_vocabulary")
    try node.require(vocabulary.count > 0, "there is no vocabulary")
    return [[1, Dim(vocabulary.count)]]
  }
}
