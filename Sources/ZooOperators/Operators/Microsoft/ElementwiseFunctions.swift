import ZooCore

extension OperatorCatalogue {
  /// Functions of each element, some of a sum with a bias.
  static let microsoftElementwise: [OperatorDeclaration] = [
    .microsoft("BiasAdd", "T T T -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] }.asFunction { f in
      [f("Add", f("Add", try f.input(0), try f.input(1)), try f.input(2))]
    },
    .microsoft("BiasGelu", "T T -> T", [.elementwise, .keepsZero]) { [try $0.biasedShape()] }.asFunction { f in
      [f("Gelu", try f.biased())]
    },
    .microsoft("FastGelu", "T ?T -> T", [.elementwise, .keepsZero]) { [try $0.biasedShape()] }.asFunction { f in
      [f("Gelu", try f.biased(), attributes: ["approximate": .text("tanh")])]
    },
    .microsoft("Gelu", "T -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] }.asFunction { f in
      [f("Gelu", try f.input(0))]
    },
    .microsoft("QuickGelu", "T -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] }.asFunction { f in
      [f("Swish", try f.input(0), attributes: ["alpha": .float(try f.node.float("alpha") ?? 1.702)])]
    },
    .microsoft("BiasSplitGelu", "T T -> T", .keepsZero) { [try $0.halvedShape()] }.asFunction { f in
      let width = try f.node.fixedShape(0).last ?? 0
      let halves = try f.split(try f.biased(), [width / 2, width / 2], axis: -1)
      return [f("Mul", halves[0], f("Gelu", halves[1]))]
    },
    .microsoft("BiasSoftmax", "T T -> T") { [try $0.shape(0)] },
    .microsoft("ScaledSiLU", "T ?_ -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] },
    .microsoft("SwiGLU", "T ?T -> T", .keepsZero) { [try $0.has(1) ? $0.shape(0) : $0.halvedShape()] },
  ]
}

extension FunctionBody {
  /// Input 0, to which input 1 is added if there is one.
  fileprivate mutating func biased() throws -> Value {
    guard let bias = optionalInput(1) else { return try input(0) }
    return self("Add", try input(0), bias)
  }
}

extension Inference {
  /// The shape of input 0, to whose last dimension a vector is added.
  fileprivate func biasedShape() throws -> [Dim] {
    let shape = try shape(0)
    if has(1), let bias = try facts(1).shape {
      try requireBroadcast(bias, to: shape, "a bias of shape \(bias) doesn't fit a tensor of shape \(shape)")
    }
    return shape
  }

  /// The shape of input 0, of whose last dimension one half is multiplied by the other.
  fileprivate func halvedShape() throws -> [Dim] {
    let shape = try shape(0)
    guard let width = shape.last else { throw invalid("a single number has no halves") }
    try require(width.number.map { $0 % 2 == 0 } ?? true, "a tensor of shape \(shape) has no halves")
    return shape.dropLast() + [width.floorDivided(by: 2)]
  }
}
