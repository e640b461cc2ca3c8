import ZooCore

extension OperatorDeclaration {
  /// com.microsoft EmbedLayerNormalization: the sum of the embeddings of words, positions and segments, normalized; with the
  /// number of words of each text, and the sum.
  static let embedLayerNormalization = microsoft(
    "EmbedLayerNormalization", "I ?I T T ?T T T ?I ?I -> T int32 T"
  ) { node in
    let words = try node.shape(0, ofRank: 2, "input_ids") ?? .unknown(rank: 2)
    var width = Dim.unknown()
    for index in [2, 3, 4] where index != 4 || node.has(index) {
      guard let table = try node.shape(index, ofRank: 2, "input \(index)") else { continue }
      width = try node.same(table[1], width, "the embeddings differ in their width")
    }
    for index in [5, 6] { try node.requireVector(index, of: width, "input \(index)") }
    return [words + [width], [words[0]], words + [width]]
  }.asFunction { f in
    let sum = try f.embeddingSum()
    let batch = try f.node.fixedShape(0)[0]
    let counts =
      try f.optionalInput(7).map { mask in
        f(
          "ReduceSum", f.cast(f("Equal", mask, f.constant(try Tensor([Int32(1)], shape: []))), to: .int32),
          try f.integers([1]), attributes: ["keepdims": .int(0)])
      } ?? f("Expand", f.constant(Tensor([Int32(0)], shape: [1])), f.integers([batch]))
    return [try f.layerNormalization(sum, f.input(5), f.input(6))[0], counts, sum]
  }
}

extension FunctionBody {
  /// What words, positions and segments come to.
  fileprivate mutating func embeddingSum() throws -> Value {
    let positions =
      try optionalInput(8)
      // Those of a text begin at the first.
      ?? unsqueeze(places(node.fixedShape(0)[1]), [0])
    var sum = self(
      "Add", self("Gather", try input(2), try input(0)), self("Gather", try input(3), positions))
    if let segments = optionalInput(1), let table = optionalInput(4) {
      sum = self("Add", sum, self("Gather", table, segments))
    }
    return sum
  }
}
