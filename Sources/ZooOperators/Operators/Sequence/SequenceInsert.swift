extension OperatorDeclaration {
  /// ONNX SequenceInsert: a sequence with one tensor more, at a position or at its end.
  static let sequenceInsert = OperatorDeclaration(
    "SequenceInsert",
    facts: { node in
      let (element, tensor) = (try node.element(ofSequence: 0), try node.facts(1))
      if let own = element.kind, let other = tensor.kind {
        try node.require(own == other, "\(other.name) can't be inserted in a sequence of \(own.name)")
      }
      return [ValueFacts(element.kind ?? tensor.kind, shape: element.joined(with: tensor).shape).sequence]
    })
}
