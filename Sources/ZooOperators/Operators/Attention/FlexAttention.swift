extension OperatorDeclaration {
  /// ONNX FlexAttention: attention whose scores and probabilities go through graphs of its own.
  static let flexAttention = OperatorDeclaration("FlexAttention", domain: "ai.onnx.preview", .hasBodies) { node in
    for index in 0..<3 { _ = try node.shape(index, ofRank: 4, ["Q", "K", "V"][index]) }
    return [try AttentionExtents(node)?.output ?? .unknown(rank: 4)]
  }
}
