extension OperatorDeclaration {
  /// ONNX Tile: repeats a tensor along each dimension; before version 6 along one.
  static let tile = OperatorDeclaration(
    "Tile", [.copies, .keepsZero], shapeInputs: [1, 2],
    elements: { node in
      let extents = try node.fixedShape(0)
      let shape = try node.tiled().compactMap(\.number)
      return try node.moved(0, to: shape) { zip($0, extents).map { $0 % max($1, 1) } }
    }, elementsOfAnyType: true
  ) { node in [try node.tiled()] }.derivative { f in [try f.gradientOfMoved(), nil, nil] }
}

extension Inference {
  fileprivate func tiled() throws -> [Dim] {
    if opset < 6 { return try tiledAlongOne() }
    guard let shape = try facts(0).shape else { return unknownShape(try elements(1).count) }
    guard let repeats = try ifKnown({ try elements(1) }) else { return unknownShape(shape.count) }
    try require(
      repeats.count == shape.count && repeats.allSatisfy { $0.number.map { $0 >= 0 } ?? true },
      "\(repeats) are no repeats for a tensor of shape \(shape)")
    return zip(shape, repeats).map { $0 * $1 }
  }

  /// Of version 1, which takes the number of tiles, and the axis.
  private func tiledAlongOne() throws -> [Dim] {
    var shape = try shape(0)
    guard let tiles = try ifKnown({ try numbers(1) }), let axes = try ifKnown({ try numbers(2) }) else {
      return unknownShape(shape.count)
    }
    guard tiles.count == 1, axes.count == 1, let count = Int(exactly: tiles[0]), let axis = Int(exactly: axes[0]),
      count >= 0
    else { throw invalid("tiles \(tiles) and axis \(axes) are not a number of 0 and more, and an axis") }
    shape[try normalized(axis: axis, rank: shape.count)] *= Dim(count)
    return shape
  }
}
