extension OperatorDeclaration {
  /// ONNX Gather: slices along one axis, by index.
  static let gather = OperatorDeclaration(
    "Gather", [.copies, .keepsZero],
    elements: { node in
      let shape = try node.fixedShape(0)
      let axis = try node.axis(default: 0, rank: shape.count)
      let indices = try node.fixedShape(1)
      let chosen = try node.integers(1).map { index in
        guard index >= -shape[axis], index < shape[axis] else {
          throw node.invalid("index \(index) is outside the \(shape[axis]) places of axis \(axis)")
        }
        return index < 0 ? index + shape[axis] : index
      }
      return try node.moved(0, to: shape[..<axis] + indices + shape[(axis + 1)...]) { place in
        let number = zip(place[axis...], indices).reduce(0) { $0 * $1.1 + $1.0 }
        return place[..<axis] + [chosen[number]] + place[(axis + indices.count)...]
      }
    }, elementsOfAnyType: true
  ) { node in
    let shape = try node.shape(0)
    let axis = try node.axis(default: 0, rank: shape.count)
    return [shape[..<axis] + (try node.shape(1)) + shape[(axis + 1)...]]
  }.derivative { f in [try f.gradientOfMoved(), nil] }
}
