extension OperatorDeclaration {
  /// ONNX SequenceEmpty: a sequence without elements, of float32 tensors unless `dtype` says otherwise.
  static let sequenceEmpty = OperatorDeclaration(
    "SequenceEmpty",
    facts: { node in [ValueFacts(.tensor(try node.elementType("dtype") ?? .float32)).sequence] })
}
