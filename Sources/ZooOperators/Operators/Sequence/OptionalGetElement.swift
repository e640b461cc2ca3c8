extension OperatorDeclaration {
  /// ONNX OptionalGetElement: the value of an optional, or the input itself.
  static let optionalGetElement = OperatorDeclaration(
    "OptionalGetElement",
    facts: { node in
      var facts = try node.facts(0)
      if case .optional(let element)? = facts.kind { facts.kind = element }
      return [facts]
    })
}
