import ZooCore

extension OperatorDeclaration {
  /// ONNX BitCast: the same bits as elements of another type of the same width.
  static let bitCast = OperatorDeclaration(
    "BitCast", [.elementwise, .keepsZero, .keepsValues, .readsTypes],
    types: { node in
      guard let type = try node.elementType("to") else { throw node.invalid("attribute to names no type") }
      if let from = try node.facts(0).elementType {
        try node.require(
          type.bitWidth == from.bitWidth && type != .string,
          "elements of type \(from.name) can't be taken for \(type.name)")
      }
      return [.tensor(type)]
    }
  ) { node in [try node.shape(0)] }
}
