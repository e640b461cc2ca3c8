extension OperatorDeclaration {
  /// ONNX Reshape: 0 copies an extent, -1 takes what is left.
  static let reshape = OperatorDeclaration(
    "Reshape", .view, shapeInputs: [1], elements: { try $0.elements(0) }
  ) { node in
    let wanted = try node.ints("shape").map { $0.map { Dim($0) } } ?? node.elements(1)
    let allowsZero = try node.flag("allowzero")
    let shape = try node.facts(0).shape
    var open: Int?
    var result: [Dim] = []
    for (index, extent) in wanted.enumerated() {
      switch extent.number {
      case 0 where !allowsZero:
        try node.require(
          shape.map { index < $0.count } ?? true, "dimension \(index) of \(wanted) copies none of \(shape ?? [])")
        result.append(shape?[index] ?? .unknown())
      case -1:
        try node.require(open == nil, "the shape \(wanted) leaves more than one dimension open")
        open = index
        result.append(1)
      // What is not known may be any of these, unless it is an extent of another tensor.
      case nil: result.append(extent)
      case let number?:
        try node.require(number >= 0, "the shape \(wanted) has a negative extent")
        result.append(extent)
      }
    }
    guard let shape else {
      if let open { result[open] = .unknown() }
      return [result]
    }
    if let open {
      let (count, known) = (shape.product, result.product)
      if let whole = count.divided(exactlyBy: known) {
        result[open] = whole
      } else {
        try node.require(
          count.number == nil || known.number == nil,
          "\(count) elements don't fill the shape \(wanted) with dimension \(open) open")
        result[open] = known == 0 ? .unknown() : count.floorDivided(by: known)
      }
    } else {
      try node.requireEqual(
        shape.product, result.product, "the shapes \(shape) and \(wanted) differ in their number of elements")
    }
    return [result]
  }
}
