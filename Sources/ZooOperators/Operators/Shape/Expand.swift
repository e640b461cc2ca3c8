extension OperatorDeclaration {
  /// ONNX Expand: repeats what has extent 1, by broadcasting to a shape.
  static let expand = OperatorDeclaration(
    "Expand", [.copies, .keepsZero], shapeInputs: [1],
    elements: { node in
      let extents = try node.fixedShape(0)
      let shape = try node.broadcast([extents.map { Dim($0) }, node.extents(1)]).compactMap(\.number)
      return try node.moved(0, to: shape) { place in
        zip(place.suffix(extents.count), extents).map { $1 == 1 ? 0 : $0 }
      }
    }, elementsOfAnyType: true
  ) { node in
    let wanted = try node.extents(1)
    return [try node.broadcast([node.shape(0), wanted])]
  }.derivative { f in [try f.summed(f.gradient, to: 0), nil] }
}
