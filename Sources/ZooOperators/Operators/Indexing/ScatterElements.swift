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
    }.derivative { try $0.gradientsOfScattered("ScatterElements", gathering: "GatherElements") }
  }
}

extension FunctionBody {
  /// Those of updates are gathered where they went; what they replaced has none.
  mutating func gradientsOfScattered(_ scatter: String, gathering gather: String) throws -> [Value?] {
    let places = try input(1)
    let updates = self(gather, gradient, places, keeping: ["axis"])
    switch try node.text("reduction") ?? "none" {
    case "add": return [gradient, nil, updates]
    case "none":
      let zeros = self("Expand", try number(0), extents(of: try input(2)))
      return [self(scatter, gradient, places, zeros, keeping: ["axis"]), nil, updates]
    case let other: throw node.noDerivative("with the reduction \(other)")
    }
  }
}
