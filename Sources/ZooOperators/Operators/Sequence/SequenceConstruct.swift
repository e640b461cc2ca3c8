extension OperatorDeclaration {
  /// ONNX SequenceConstruct: a sequence of tensors.
  static let sequenceConstruct = OperatorDeclaration(
    "SequenceConstruct",
    facts: { node in
      let values = try node.inputs.indices.map { try node.facts($0) }
      let kinds = Set(values.compactMap(\.kind))
      try node.require(
        kinds.count <= 1, "a sequence can't hold \(kinds.map(\.name).sorted().joined(separator: " and "))")
      var sequence = ValueFacts.joined(values)
      sequence.kind = kinds.first
      return [sequence.sequence]
    })
}
