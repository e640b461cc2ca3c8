extension OperatorDeclaration {
  /// ONNX SpaceToDepth: blocks of positions become channels.
  static let spaceToDepth = OperatorDeclaration("SpaceToDepth", .keepsZero) { node in
    let block = try node.blockSize()
    guard let shape = try node.facts(0).shape else { return [node.unknownShape(4)] }
    let name = "the shape \(shape) has no blocks of \(block)×\(block) positions"
    try node.require(shape.count == 4, name)
    return [
      [
        shape[0], shape[1] * block * block, try node.quotient(shape[2], block, name),
        try node.quotient(shape[3], block, name),
      ]
    ]
  }.derivative { f in [try f.gradientOfMoved()] }
}
