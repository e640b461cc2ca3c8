extension OperatorDeclaration {
  /// ONNX DepthToSpace: channels become blocks of positions.
  static let depthToSpace = OperatorDeclaration("DepthToSpace", .keepsZero) { node in
    let block = try node.blockSize()
    guard let shape = try node.facts(0).shape else { return [node.unknownShape(4)] }
    let name = "the shape \(shape) has no channels for blocks of \(block)×\(block) positions"
    try node.require(shape.count == 4, name)
    return [[shape[0], try node.quotient(shape[1], block * block, name), shape[2] * block, shape[3] * block]]
  }.derivative { f in [try f.gradientOfMoved()] }
}

extension Inference {
  /// The attribute `blocksize` of DepthToSpace and SpaceToDepth, whose `mode` says whether the channel comes behind the
  /// place in the block (DCR) or before it (CRD).
  func blockSize() throws -> Dim {
    let size = try requiredInt("blocksize")
    try require((1...1 << 20).contains(size), "blocksize is \(size), not a number from 1 to \(1 << 20)")
    let mode = try text("mode") ?? "DCR"
    try require(["DCR", "CRD"].contains(mode), "mode is \"\(mode)\", it should be DCR or CRD")
    return Dim(size)
  }

  /// The quotient of what has to be a multiple of `divisor`.
  func quotient(_ extent: Dim, _ divisor: Dim, _ message: @autoclosure () -> String) throws -> Dim {
    if let quotient = extent.divided(exactlyBy: divisor) { return quotient }
    try require(extent.number == nil || divisor.number == nil, message())
    return extent.floorDivided(by: divisor)
  }
}
