extension OperatorCatalogue {
  static let shape: [OperatorDeclaration] = [
    .centerCropPad, .concat, .constant, .constantOfShape, .depthToSpace, .expand, .eyeLike, .flatten, .pad, .range,
    .reshape, .reverseSequence, .shapeOperator, .size, .spaceToDepth, .split, .squeeze, .tile, .transpose, .trilu,
    .unsqueeze,
  ]
}

extension Inference {
  /// Elements of input `index` in another order, for an output of `shape`, which is small.
  ///
  /// - Parameter source: The place in the input of an element of the output, from its place there.
  func moved(_ index: Int, to shape: [Int], _ source: (_ place: [Int]) throws -> [Int]) throws -> [Dim] {
    let (elements, extents) = (try wholeNumbers(index), try fixedShape(index))
    // An extent of 0 may stand beside extents whose product overflows.
    let count = shape.contains(0) ? 0 : shape.reduce(1, *)
    return try (0..<count).map { number in
      var (place, rest) = (shape, number)
      for axis in shape.indices.reversed() {
        place[axis] = rest % shape[axis]
        rest /= shape[axis]
      }
      let from = zip(try source(place), extents).reduce(0) { $0 &* $1.1 &+ $1.0 }
      guard elements.indices.contains(from) else { throw NotKnown() }
      return elements[from]
    }
  }

  /// The extents that the elements of input `index` are.
  func extents(_ index: Int) throws -> [Dim] { try checkedExtents(elements(index)) }

  func checkedExtents(_ extents: [Dim]) throws -> [Dim] {
    try require(extents.allSatisfy { $0.number.map { $0 >= 0 } ?? true }, "the shape \(extents) has a negative extent")
    return extents
  }

  /// `count` extents of which nothing is known.
  func unknownShape(_ count: Int) -> [Dim] { (0..<count).map { _ in .unknown() } }

  /// The axes that the attribute has before version 13, and an input since then; `nil` where there are none.
  ///
  /// - Throws: `NotKnown` where the input is not known.
  func squeezedAxes() throws -> [Int]? {
    if opset < 13, let axes = try ints("axes") { return axes }
    return has(1) ? try integers(1) : nil
  }

  /// As many as `squeezedAxes` would be.
  func squeezedAxisCount() throws -> Int {
    guard let count = try shape(1).product.number else { throw NotKnown() }
    return count
  }
}
