extension OperatorDeclaration {
  /// ONNX SequenceErase: a sequence without the element at a position, or without its last one.
  static let sequenceErase = OperatorDeclaration(
    "SequenceErase", facts: { node in [try node.element(ofSequence: 0).sequence] })
}
