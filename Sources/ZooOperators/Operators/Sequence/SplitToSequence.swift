extension OperatorDeclaration {
  /// ONNX SplitToSequence: the parts of a tensor along one axis.
  static let splitToSequence = OperatorDeclaration(
    "SplitToSequence", shapeInputs: [1],
    facts: { node in
      let kind = try node.ifKnown { try node.kind(0) }
      return [ValueFacts(kind, shape: try node.ifKnown { try node.partShape() }).sequence]
    })
}

extension Inference {
  /// The shape of each part.
  fileprivate func partShape() throws -> [Dim] {
    var shape = try shape(0)
    let axis = try axis(default: 0, rank: shape.count)
    guard has(1) else {
      // Without sizes each place is a part, whose axis may be dropped.
      if try flag("keepdims", default: true) { shape[axis] = 1 } else { shape.remove(at: axis) }
      return shape
    }
    shape[axis] = try ifKnown { try self.partExtent(of: shape[axis]) } ?? .unknown()
    return shape
  }

  /// The extent that all parts have, given by one number for all or one a part.
  private func partExtent(of extent: Dim) throws -> Dim {
    let (rank, sizes) = (try self.rank(1), try elements(1))
    try require(rank <= 1, "sizes of rank \(rank) are neither a number nor a list")
    try require(
      sizes.allSatisfy { $0.number.map { $0 > 0 || rank == 1 && $0 == 0 } ?? true }, "\(sizes) are no sizes of parts")
    guard rank == 1 else { return extent.divided(exactlyBy: sizes[0]) != nil ? sizes[0] : .unknown() }
    try requireEqual(sizes.reduce(0, +), extent, "the parts \(sizes) do not make up the axis")
    guard let first = sizes.first, sizes.allSatisfy({ $0 == first }) else { return .unknown() }
    return first
  }
}
