extension OperatorDeclaration {
  /// ONNX StringSplit: the parts of each text along a new last axis, and how many there are.
  static let stringSplit = OperatorDeclaration("StringSplit") { node in
    let shape = try node.shape(0)
    return [shape + [.unknown()], shape]
  }
}
