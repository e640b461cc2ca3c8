extension OperatorDeclaration {
  /// ONNX HannWindow and its relatives: a sum of cosines, of the length that is given.
  static func window(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(
      name, shapeInputs: [0], types: { node in [.tensor(try node.elementType("output_datatype") ?? .float32)] }
    ) { node in
      let size = try node.ifKnown { try node.element(0) } ?? .unknown()
      try node.require(size.number.map { 0..<(1 << 40) ~= $0 } ?? true, "a window of \(size) numbers")
      return [[size]]
    }
  }
}
