extension OperatorDeclaration {
  /// ONNX GatherElements: each index says the place along one axis, its own place all others.
  static let gatherElements = OperatorDeclaration("GatherElements", .keepsZero) { node in
    let indices = try node.shape(1)
    if let shape = try node.facts(0).shape { try node.checkElementIndices(indices, shape) }
    return [indices]
  }.derivative { f in [try f.gradientOfMoved()] }
}
