import ZooCore

/// What a node computes from its inputs, so that it can be looked up: operator, version and attributes by value.
package struct OperationKey: Sendable, Hashable {
  private var domain: ExactText
  private var operatorType: ExactText
  private var opset: Int64
  private var attributes: [AttributeKey]

  package init(_ node: CompilerNode) {
    (domain, operatorType, opset) = (ExactText(node.domain), ExactText(node.operatorType), node.opset)
    attributes = node.attributes.map(AttributeKey.init)
  }

  /// A step that was folded onto a node.
  package init(_ step: FusedStep) {
    (domain, operatorType, opset) = (ExactText(""), ExactText(step.operatorType), 0)
    attributes = step.attributes.map(AttributeKey.init)
  }
}

/// An attribute by name and value. Tensors are equal if they are the same one. Graphs and types don't reach operators.
private struct AttributeKey: Sendable, Hashable {
  let attribute: Attribute

  init(_ attribute: Attribute) { self.attribute = attribute }

  static func == (left: AttributeKey, right: AttributeKey) -> Bool {
    guard ExactText(left.attribute.name) == ExactText(right.attribute.name) else { return false }
    return switch (left.attribute.value, right.attribute.value) {
    case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
    case (.floats(let a), .floats(let b)): a.elementsEqual(b) { $0.bitPattern == $1.bitPattern }
    case (.int(let a), .int(let b)): a == b
    case (.ints(let a), .ints(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.strings(let a), .strings(let b)): a == b
    case (.tensor(let a), .tensor(let b)): a.tensor.identity == b.tensor.identity
    case (.tensors(let a), .tensors(let b)): a.map(\.tensor.identity) == b.map(\.tensor.identity)
    case (let a, let b): a.kind == b.kind && ![1, 2, 3, 4, 6, 7, 8, 9].contains(a.kind)
    }
  }

  /// Long lists are looked at in part.
  func hash(into hasher: inout Hasher) {
    hasher.combine(ExactText(attribute.name))
    switch attribute.value {
    case .float(let value): hasher.combine(value.bitPattern)
    case .int(let value): hasher.combine(value)
    case .string(let value): hasher.combine(value)
    case .floats(let values):
      hasher.combine(values.count)
      for value in values.prefix(256) { hasher.combine(value.bitPattern) }
    case .ints(let values): hasher.combine(values.prefix(256))
    case .strings(let values): hasher.combine(values.prefix(256))
    case .tensor(let value): hasher.combine(value.tensor.identity)
    case .tensors(let values): for value in values.prefix(256) { hasher.combine(value.tensor.identity) }
    case .graph, .graphs, .type, .types, .opaque: break
    }
  }
}
