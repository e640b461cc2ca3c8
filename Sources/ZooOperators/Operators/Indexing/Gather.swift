extension OperatorDeclaration {
  /// ONNX Gather: slices along one axis, by index.
  static let gather = OperatorDeclaration(
    "Gather", [.copies, .keepsZero],
    elements: { node in
      let shape = try node.fixedShape(0)
      let axis = try node.axis(default: 0, rank: shape.count)
      let indices = try node.fixedShape(1)
      let chosen = try node.chosenPlaces(shape, axis)
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
    .pickingChannels { node in
      let shape = try node.fixedShape(0)
      guard try node.axis(default: 0, rank: shape.count) == 1, try node.rank(1) == 1 else { return nil }
      return [try node.chosenPlaces(shape, 1).map { Channel(input: 0, number: $0) }]
    }
    .takingParts { node in
      let shape = try node.fixedShape(0)
      let axis = try node.axis(default: 0, rank: shape.count)
      let places = try node.chosenPlaces(shape, axis)
      guard let first = places.first, zip(places, first...).allSatisfy({ $0 == $1 }) else { return nil }
      return [Part(axis, first..<first + places.count)]
    }
}

extension Inference {
  fileprivate func chosenPlaces(_ shape: [Int], _ axis: Int) throws -> [Int] {
    try integers(1).map { index in
      guard index >= -shape[axis], index < shape[axis] else {
        throw invalid("index \(index) is outside the \(shape[axis]) places of axis \(axis)")
      }
      return index < 0 ? index + shape[axis] : index
    }
  }
}
