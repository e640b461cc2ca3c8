extension OperatorDeclaration {
  /// ONNX SequenceInsert: a sequence with one tensor more, at a position or at its end.
  static let sequenceInsert = OperatorDeclaration(
    "SequenceInsert",
    facts: { node in
      let (element, tensor) = (try node.element(ofSequence: 0), try node.facts(1))
      // SequenceEmpty without a type gives a sequence of float32, into which ONNX's own functions insert others.
      return [ValueFacts(tensor.kind ?? element.kind, shape: element.joined(with: tensor).shape).sequence]
    })
}
