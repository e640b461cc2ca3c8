extension OperatorDeclaration {
  /// ONNX Optional: a value that may be missing, here or not.
  static let optional = OperatorDeclaration(
    "Optional",
    facts: { node in
      if node.has(0) {
        let facts = try node.facts(0)
        return [ValueFacts(facts.kind.map { .optional($0) }, shape: facts.shape)]
      }
      guard case .type(let type)? = node.node[attribute: "type"] else {
        throw node.invalid("there is neither an input nor attribute type")
      }
      let facts = ValueFacts(type)
      return [ValueFacts(facts.kind.map { .optional($0) }, shape: facts.shape)]
    })
}
