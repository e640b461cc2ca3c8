extension OperatorDeclaration {
  /// ONNX Squeeze: drops dimensions of extent 1, those that are named or all.
  static let squeeze = OperatorDeclaration(
    "Squeeze", .view, shapeInputs: [1], elements: { try $0.wholeNumbers(0) }, elementsOfAnyType: true
  ) { node in
    let shape = try node.shape(0)
    guard let axes = try node.ifKnown({ try node.squeezedAxes() }) else {
      let count = try node.squeezedAxisCount()
      try node.require(
        count <= shape.filter { $0.equals(1) != false }.count, "\(count) axes of the shape \(shape) can't be dropped")
      return [node.unknownShape(shape.count - count)]
    }
    guard let named = axes else {
      guard shape.allSatisfy({ $0.number != nil }) else { throw NotKnown() }
      return [shape.filter { $0 != 1 }]
    }
    let dropped = Set(try node.normalized(axes: named, rank: shape.count))
    for axis in dropped {
      try node.requireEqual(shape[axis], 1, "the axes \(named) of the shape \(shape) are not all of extent 1")
    }
    return [shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }]
  }.derivative { f in [f.reshape(f.gradient, like: f.x), nil] }
}
