import ZooCore

extension OperatorCatalogue {
  static let elementwise: [OperatorDeclaration] = [
    .unary("Abs", .keepsZero),
    .broadcasting("Add", .keepsZero, elements: { try $0.elementwise(+) }),
    .unary("Relu", .keepsZero),
  ]
}

extension OperatorDeclaration {
  /// An operator that gives a tensor of its first input's shape.
  static func unary(_ name: String, domain: String = "", _ traits: OperatorTraits = []) -> OperatorDeclaration {
    OperatorDeclaration(name, domain: domain, traits.union(.elementwise)) { node in [try node.shape(0)] }
  }

  /// An operator on tensors that broadcast to each other.
  static func broadcasting(
    _ name: String, domain: String = "", _ traits: OperatorTraits = [], elements: ElementRule? = nil
  ) -> OperatorDeclaration {
    OperatorDeclaration(name, domain: domain, traits.union(.elementwise), elements: elements) { node in
      if let joint = try node.shapeByAxis() { return [joint] }
      return [try node.broadcast(node.inputs.indices.map { try node.shape($0) })]
    }
  }
}

extension Inference {
  /// Before version 7 the attributes `axis` and `broadcast` said how the second input broadcasts to the first.
  func shapeByAxis() throws -> [Dim]? {
    guard opset < 7, node.domain.isEmpty || node.domain == "ai.onnx", try flag("broadcast") else { return nil }
    return try shape(0)
  }

  /// The elements of two inputs, of which one may be a single number, joined.
  func elementwise(_ join: (Dim, Dim) -> Dim) throws -> [Dim] {
    let (left, right) = (try elements(0), try elements(1))
    if left.count == right.count { return zip(left, right).map(join) }
    if right.count == 1 { return left.map { join($0, right[0]) } }
    if left.count == 1 { return right.map { join(left[0], $0) } }
    throw NotKnown()
  }
}
