extension OperatorDeclaration {
  /// ONNX Clip: elements kept within bounds, which are attributes up to operator set 10 and single numbers from 11 on.
  static let clip = OperatorDeclaration(
    "Clip", .elementwise,
    elements: { node in
      guard node.opset >= 11 else { throw NotKnown() }
      let type = try node.elementType(0)
      let (low, high) = (try node.bound(1), try node.bound(2))
      return try node.wholeNumbers(0).map { element in
        let raised = low.map { Dim.maximum(element, $0) } ?? element
        return try (high.map { Dim.minimum(raised, $0) } ?? raised).exact(as: type)
      }
    },
    elementsOfAnyType: true
  ) { node in
    for index in 1...2 where node.has(index) {
      guard let shape = try node.facts(index).shape else { continue }
      try node.require(
        shape.product.number.map { $0 == 1 } ?? true, "bound \(index) must be one number, not of shape \(shape)")
    }
    return [try node.shape(0)]
  }.derivative { try $0.gradientsOfClip() }
}

extension FunctionBody {
  /// The gradient goes to what each element came from: the input, or one of its bounds, the upper one first.
  fileprivate mutating func gradientsOfClip() throws -> [Value?] {
    let isAttribute = node.opset < 11
    func bound(_ name: String, _ index: Int, _ f: inout FunctionBody) throws -> Value? {
      guard isAttribute else { return f.optionalInput(index) }
      return try f.node.float(name).map { try f.number(Double($0)) }
    }
    var (raised, rest) = (x, gradient)
    var bounds: [Value?] = [nil, nil]
    if let low = try bound("min", 1, &self) {
      raised = self("Max", x, low)
    }
    if let high = try bound("max", 2, &self) {
      let isAbove = self("Greater", raised, high)
      bounds[1] = try only(where: isAbove, rest)
      rest = self("Where", isAbove, try number(0), rest)
    }
    if let low = try bound("min", 1, &self) {
      let isBelow = self("Less", x, low)
      bounds[0] = try only(where: isBelow, rest)
      rest = self("Where", isBelow, try number(0), rest)
    }
    if isAttribute { return [rest] }
    return [rest] + bounds.enumerated().map { index, bound in bound.map { total($0, like: .input(index + 1)) } }
  }

  /// The sum of all elements, in the shape of `other`, which has one.
  private mutating func total(_ value: Value, like other: Value) -> Value {
    reshape(self("ReduceSum", value), like: other)
  }
}

extension Inference {
  fileprivate func bound(_ index: Int) throws -> Dim? {
    guard has(index) else { return nil }
    guard let bound = try wholeNumbers(index).first else { throw NotKnown() }
    return bound
  }
}
