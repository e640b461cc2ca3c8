extension OperatorDeclaration {
  /// ONNX Split: the parts of a tensor along one axis.
  static let split = OperatorDeclaration(
    "Split", .keepsZero, shapeInputs: [1],
    facts: { node in
      let kind = try node.ifKnown { try node.kind(0) }
      guard let shapes = try node.ifKnown({ try node.partShapes() }) else {
        return node.node.outputs.map { _ in ValueFacts(kind) }
      }
      var (facts, start) = (shapes.map { ValueFacts(kind, shape: $0) }, 0)
      guard shapes.first?.count == 1,
        let elements = try node.ifKnown({ try node.wholeNumbers(0) }),
        elements.count <= OperatorDeclaration.mostElements
      else { return facts }
      for (index, shape) in shapes.enumerated() {
        guard let count = shape[0].number, count <= elements.count - start else { break }
        facts[index].elements = Array(elements[start..<start + count])
        start += count
      }
      return facts
    }
  ).derivative { try [$0.gradientOfParts(), nil] }
    .pickingChannels { node in
      guard try node.axis(default: 0, rank: node.rank(0)) == 1 else { return nil }
      var start = 0
      return try node.partShapes().map { shape in
        guard let count = shape[1].number else { throw NotKnown() }
        defer { start += count }
        return (start..<start + count).map { Channel(input: 0, number: $0) }
      }
    }
    .takingParts { node in
      let axis = try node.axis(default: 0, rank: node.rank(0))
      var start = 0
      return try node.partShapes().map { shape in
        guard let count = shape[axis].number else { throw NotKnown() }
        defer { start += count }
        return Part(axis, start..<start + count)
      }
    }
}

extension FunctionBody {
  /// Parts without a gradient have one of zeros.
  fileprivate mutating func gradientOfParts() throws -> Value {
    let rank = try node.rank(0)
    let axis = try node.axis(default: 0, rank: rank)
    let parts = add(
      "Split", node.inputs.indices.map(optionalInput), outputs: node.outputCount, opset: node.opset,
      keeping: ["axis", "split", "num_outputs"])
    let zero = try number(0)
    let all = parts.enumerated().map { index, part in
      gradients.contains(index) ? .gradient(index) : self("Expand", zero, extents(of: part))
    }
    return concat(all, axis: axis)
  }
}

extension Inference {
  /// The shapes of the outputs.
  fileprivate func partShapes() throws -> [[Dim]] {
    let shape = try shape(0)
    let axis = try axis(default: 0, rank: shape.count)
    let parts = try ifKnown { try self.parts(of: shape[axis]) } ?? unknownShape(outputCount)
    try require(parts.count >= outputCount, "\(parts.count) parts for \(outputCount) outputs")
    return parts.prefix(outputCount).map { part in
      var shape = shape
      shape[axis] = part
      return shape
    }
  }

  /// The extents of the parts along the axis.
  private func parts(of extent: Dim) throws -> [Dim] {
    if let sizes = try partSizes() {
      let isPlain = sizes.allSatisfy { $0.number.map { $0 >= 0 } ?? true }
      try require(
        isPlain && sizes.reduce(0, +).equals(extent) != false,
        "the parts \(sizes) do not make up the extent \(extent)")
      return sizes
    }
    let count = try opset < 18 ? outputCount : int("num_outputs", default: outputCount)
    try require(count > 0 && count <= 1 << 16, "a split into \(count) parts")
    if let part = extent.divided(exactlyBy: Dim(count)) { return [Dim](repeating: part, count: count) }
    let size = extent.ceilingDivided(by: Dim(count))
    return (0..<count).map { Dim.maximum(0, Dim.minimum(size, extent - size * Dim($0))) }
  }

  /// The sizes that the node gives its parts: as an attribute before version 13, but as an input in version 1, too.
  private func partSizes() throws -> [Dim]? {
    if opset < 13, let sizes = try ints("split") { return sizes.map { Dim($0) } }
    guard opset >= 13 || opset < 2, has(1) else { return nil }
    return try elements(1)
  }
}
