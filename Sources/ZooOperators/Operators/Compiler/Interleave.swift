extension OperatorDeclaration {
  /// zoo.Interleave: phases of a tensor (N, phases · stride, …), each of which has `channels` channels at the beginning of as
  /// many as the channel stride, one after the other along the spatial axes, from `starts` on: (N, channels, extents…). There
  /// are as many phases as the product of the axes' `strides`, the last axis's first.
  static let interleave = OperatorDeclaration(
    "Interleave", domain: compilerDomain, types: TypeSignature("float32 -> float32").rule
  ) { node in
    let (x, strides, starts, extents) = (
      try node.shape(0), try node.ints("strides") ?? [], try node.ints("starts") ?? [], try node.ints("extents") ?? []
    )
    let channels = try node.requiredInt("channels")
    try node.require(
      x.count == strides.count + 2 && (1...3).contains(strides.count) && starts.count == strides.count
        && extents.count == strides.count && strides.allSatisfy { (1...1 << 10).contains($0) } && channels > 0,
      "the attributes don't fit \(x)")
    let phases = strides.reduce(1, *)
    if let all = x[1].number {
      try node.require(all % phases == 0 && all / phases >= channels, "\(all) channels are no \(phases) phases")
    }
    return [[x[0], Dim(channels)] + extents.map { Dim($0) }]
  }
}
