extension OperatorDeclaration {
  /// ONNX SequenceMap: a body on each element of a sequence, along with those of further sequences, or with tensors.
  static let sequenceMap = OperatorDeclaration(
    "SequenceMap", .hasBodies,
    facts: { node in
      try node.checkBody(
        "body", inputs: node.inputs.count, outputs: node.outputCount...node.outputCount)
      let elements = try node.inputs.indices.map { index in
        if index > 0, case .tensor? = node.inputs[index]?.kind { return try node.facts(index) }
        return try node.element(ofSequence: index)
      }
      return try node.results(ofBody: "body", elements, runs: false).map(\.sequence)
    })
}
