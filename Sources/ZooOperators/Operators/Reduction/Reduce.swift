extension OperatorDeclaration {
  /// ONNX's Reduce operators: one number in place of all along some axes, which are an attribute in old versions and an
  /// input in new ones.
  static func reducing(
    _ name: String, _ traits: OperatorTraits = [], elements: ElementRule? = nil
  ) -> OperatorDeclaration {
    OperatorDeclaration(name, traits, shapeInputs: [1], elements: elements) { node in [try node.reducedShape()] }
  }
}

extension Inference {
  /// Which axes of input 0, of that rank, are reduced, by the attribute `axes` or input 1: without either, and where they
  /// are none, all of them, or none with `noop_with_empty_axes`.
  func reducedAxes(rank: Int) throws -> [Int] {
    let given = try ints("axes") ?? (has(1) ? integers(1) : [])
    let axes = try normalized(axes: given, rank: rank)
    return try axes.isEmpty && !flag("noop_with_empty_axes") ? Array(0..<rank) : axes
  }

  /// The shape of input 0 with axes reduced.
  func reducedShape() throws -> [Dim] {
    let keepsDimensions = try flag("keepdims", default: true)
    guard let shape = try facts(0).shape else {
      // Of all axes nothing is left, whatever the rank.
      let takesAll = try !keepsDimensions && (ints("axes") ?? []).isEmpty && !has(1) && !flag("noop_with_empty_axes")
      if takesAll { return [] }
      throw NotKnown()
    }
    guard let axes = try ifKnown({ try reducedAxes(rank: shape.count) }) else {
      return try shapeReducedSomehow(shape, keepsDimensions: keepsDimensions)
    }
    return reduced(shape, axes: axes, keepsDimensions: keepsDimensions)
  }

  /// `shape` reduced along axes that running tells.
  private func shapeReducedSomehow(_ shape: [Dim], keepsDimensions: Bool) throws -> [Dim] {
    if keepsDimensions { return shape.map { $0 == 1 ? 1 : .unknown() } }
    guard let count = try self.shape(1).product.number, count > 0 else { throw NotKnown() }
    try require(count <= shape.count, "\(count) axes are reduced of a tensor of shape \(shape)")
    return .unknown(rank: shape.count - count)
  }

  /// `shape` with an extent of 1 in place of those of `axes`, or without them.
  func reduced(_ shape: [Dim], axes: [Int], keepsDimensions: Bool) -> [Dim] {
    let axes = Set(axes)
    return shape.enumerated().compactMap { axes.contains($0) ? (keepsDimensions ? 1 : nil) : $1 }
  }

  /// The elements of a vector, joined to one number.
  ///
  /// - Parameter ofNone: What there is where the vector is empty.
  func reducedElement(ofNone empty: Dim?, _ join: (Dim, Dim) -> Dim) throws -> [Dim] {
    let rank = try rank(0)
    // What is longer is data, and no shape.
    guard rank <= 1, let count = try shape(0).product.number, count <= 1024 else { throw NotKnown() }
    let elements = try elements(0)
    if try rank == 0 || reducedAxes(rank: rank).isEmpty { return elements }
    guard let first = elements.first ?? empty else { throw NotKnown() }
    return [elements.dropFirst().reduce(first, join)]
  }
}
