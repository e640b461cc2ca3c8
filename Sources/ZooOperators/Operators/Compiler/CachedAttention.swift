extension OperatorDeclaration {
  /// zoo.CachedAttention: an ONNX Attention of float32 whose keys and values are float16, or int8 with a scale for each so
  /// many of them along the last axis. Inputs 7 and 8 are the scales of keys and of values.
  static let cachedAttention = OperatorDeclaration(
    "CachedAttention", domain: compilerDomain,
    types: TypeSignature("float32 T T ?bool ?T ?T ?int64 ?float32 ?float32 -> float32").rule
  ) { node in
    try node.require(![3, 4, 5].contains(where: node.has), "there is a mask or a past")
    guard let extents = try AttentionExtents(node) else { return [nil] }
    return [extents.output]
  }
}
