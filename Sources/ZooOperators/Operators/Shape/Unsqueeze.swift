extension OperatorDeclaration {
  /// ONNX Unsqueeze: adds dimensions of extent 1, at places in the result.
  static let unsqueeze = OperatorDeclaration(
    "Unsqueeze", .view, shapeInputs: [1], elements: { try $0.wholeNumbers(0) }, elementsOfAnyType: true
  ) { node in
    let shape = try node.shape(0)
    try node.require(try node.opset < 13 && node.ints("axes") != nil || node.has(1), "the axes are missing")
    guard let named = try node.ifKnown({ try node.squeezedAxes() ?? [] }) else {
      let count = try node.squeezedAxisCount()
      try node.require(count <= mostAxes, "\(count) further axes are too many")
      return [node.unknownShape(shape.count + count)]
    }
    try node.require(named.count <= mostAxes, "\(named.count) further axes are too many")
    let axes = Set(try node.normalized(axes: named, rank: shape.count + named.count))
    var rest = shape.makeIterator()
    return [(0..<shape.count + named.count).map { axes.contains($0) ? 1 : rest.next() ?? 1 }]
  }.derivative { f in [f.reshape(f.gradient, like: f.x), nil] }
}

/// More than tensors have that anything can compute with.
private let mostAxes = 64
