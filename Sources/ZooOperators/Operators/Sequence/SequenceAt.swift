extension OperatorDeclaration {
  /// ONNX SequenceAt: the element of a sequence at a position.
  static let sequenceAt = OperatorDeclaration(
    "SequenceAt", shapeInputs: [1], facts: { node in [try node.element(ofSequence: 0)] })
}
