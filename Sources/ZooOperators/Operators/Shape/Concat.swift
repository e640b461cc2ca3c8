extension OperatorDeclaration {
  /// ONNX Concat: tensors behind one another along an axis.
  static let concat = OperatorDeclaration(
    "Concat", [.copies, .keepsZero], elements: { node in try node.joinedElements() }, elementsOfAnyType: true
  ) { node in
    let known = node.inputs.indices.compactMap { node.knownShape($0) }
    guard var shape = known.first else {
      // Where no rank is known, at least the inputs have to be there.
      _ = try node.facts(0)
      throw NotKnown()
    }
    let axis = try node.joinedAxis(rank: shape.count)
    for other in known.dropFirst() {
      try node.require(
        other.count == shape.count, "shapes of \(shape.count) and \(other.count) dimensions can't be joined")
      for place in shape.indices where place != axis {
        try node.requireEqual(shape[place], other[place], "\(other) can't join \(shape) along axis \(axis)")
        if shape[place].number == nil { shape[place] = other[place] }
      }
      shape[axis] += other[axis]
    }
    if known.count < node.inputs.count { shape[axis] = .unknown() }
    return [shape]
  }.derivative { try $0.gradientsOfJoined() }
    .pickingChannels { node in
      let shapes = try node.inputs.indices.map { try node.fixedShape($0) }
      guard let rank = shapes.first?.count, rank > 1, try node.joinedAxis(rank: rank) == 1 else { return nil }
      return [shapes.enumerated().flatMap { input, shape in (0..<shape[1]).map { Channel(input: input, number: $0) } }]
    }
}

extension FunctionBody {
  fileprivate mutating func gradientsOfJoined() throws -> [Value?] {
    let axis = try node.joinedAxis(rank: outputShape().count)
    let sizes = try node.inputs.indices.map { extents(of: try input($0), axis, axis + 1) }
    return add(
      "Split", [gradient, concat(sizes, axis: 0)], outputs: sizes.count, attributes: ["axis": .int(Int64(axis))])
  }
}

extension Inference {
  fileprivate func joinedAxis(rank: Int) throws -> Int {
    guard let axis = try int("axis") ?? (opset < 4 ? 1 : nil) else { throw invalid("attribute axis is missing") }
    return try normalized(axis: axis, rank: rank)
  }

  fileprivate func joinedElements() throws -> [Dim] {
    let shapes = try inputs.indices.map { try fixedShape($0) }
    let parts = try inputs.indices.map { try wholeNumbers($0) }
    guard let first = shapes.first else { throw NotKnown() }
    guard parts.contains(where: { !$0.isEmpty }) else { return [] }
    let rows = first[..<(try joinedAxis(rank: first.count))].reduce(1, *)
    var joined: [Dim] = []
    for row in 0..<rows {
      for part in parts {
        let width = part.count / rows
        joined += part[width * row..<width * (row + 1)]
      }
    }
    return joined
  }
}
