extension OperatorDeclaration {
  /// ONNX SequenceLength: the number of a sequence's elements.
  static let sequenceLength = OperatorDeclaration("SequenceLength") { node in
    _ = try node.element(ofSequence: 0)
    return [[]]
  }
}
