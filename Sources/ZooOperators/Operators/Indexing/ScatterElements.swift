extension OperatorDeclaration {
  /// ONNX ScatterElements: a copy with elements replaced, or combined with updates.
  static let scatterElements = scattering("ScatterElements")

  /// ONNX Scatter, the older name.
  static let scatter = scattering("Scatter")

  private static func scattering(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(name, .keepsZero) { node in
      try node.checkReduction()
      let shape = try node.shape(0)
      guard let indices = node.knownShape(1) else { return [shape] }
      try node.checkElementIndices(indices, shape)
      if let updates = node.knownShape(2) {
        let message = "updates of shape \(updates) don't fit indices of shape \(indices)"
        try node.require(updates.count == indices.count, message)
        for (left, right) in zip(updates, indices) { try node.requireEqual(left, right, message) }
      }
      return [shape]
    }
  }
}
