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
  }
}
