extension OperatorDeclaration {
  /// ONNX Reshape: 0 copies an extent, -1 takes what is left.
  static let reshape = OperatorDeclaration(
    "Reshape", .view, shapeInputs: [1], elements: { try $0.wholeNumbers(0) }, elementsOfAnyType: true
  ) { node in
    // Version 1 has the shape as an attribute.
    let attribute = try node.has(1) ? nil : node.ints("shape")
    let target = try attribute?.map { Dim($0) } ?? node.elements(1)
    return [try node.filled(target, from: node.facts(0).shape)]
  }.derivative { f in [f.reshape(f.gradient, like: f.x), nil] }
}

extension Inference {
  /// The shape that Reshape gives: `target` with what it copies of `shape` and leaves open.
  fileprivate func filled(_ target: [Dim], from shape: [Dim]?) throws -> [Dim] {
    let allowsZero = try flag("allowzero")
    var open: Int?
    var result: [Dim] = []
    for (index, extent) in target.enumerated() {
      switch extent.number {
      case 0 where !allowsZero:
        try require(
          shape.map { index < $0.count } ?? true, "dimension \(index) of \(target) copies none of \(shape ?? [])")
        result.append(shape?[index] ?? .unknown())
      case -1:
        try require(open == nil, "the shape \(target) leaves more than one dimension open")
        open = index
        result.append(1)
      // What nobody knows may be any of these; what symbols make up is an extent of a tensor.
      case nil: result.append(extent.hasUnknown ? .unknown() : extent)
      case let number?:
        try require(number >= 0, "the shape \(target) has a negative extent")
        result.append(extent)
      }
    }
    guard let shape else {
      if let open { result[open] = .unknown() }
      return result
    }
    guard let open else {
      try requireEqual(
        shape.product, result.product, "the shapes \(shape) and \(target) differ in their number of elements")
      return result
    }
    result[open] = try rest(of: shape.product, by: result.product) {
      "\(shape.product) elements don't fill the shape \(target) with dimension \(open) open"
    }
    return result
  }

  /// The extent that is left of `count` elements in places of `known`.
  private func rest(of count: Dim, by known: Dim, _ message: () -> String) throws -> Dim {
    if let whole = count.divided(exactlyBy: known) { return whole }
    try require(known != 0 && (count.number == nil || known.number == nil), message())
    return count.floorDivided(by: known)
  }
}
