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
    .microsoft("ScaledSiLU", "T ?_ -> T", [.elementwise, .keepsZero]) { node in
      if node.has(1), let scale = try node.facts(1).shape {
        try node.require(scale.isEmpty, "the scale is of shape \(scale), not one number")
      }
      return [try node.shape(0)]
    }.asFunction { f in
      let type = try f.node.elementType(0)
      let scale =
        try f.optionalInput(1).map { f.cast($0, from: try f.node.elementType(1), to: type) }
        ?? f.number(Double(f.node.float("alpha") ?? 1), type)
      return [f("Swish", f("Mul", try f.input(0), scale))]
    },
    .microsoft("SwiGLU", "T ?T -> T", .keepsZero) { node in
      guard node.has(1) else { return [try node.halvedShape()] }
      return [try node.requireEqual(1, to: node.shape(0))]
    }.asFunction { f in [try f.gated()] },
    .biasSoftmax,
  ]
}

extension FunctionBody {
  /// Input 0, to which input 1 is added if there is one.
  fileprivate mutating func biased() throws -> Value {
    guard let bias = optionalInput(1) else { return try input(0) }
    return self("Add", try input(0), bias)
  }

  /// Swish of a gate times what goes through it: inputs 0 and 1, or the halves of input 0.
  fileprivate mutating func gated() throws -> Value {
    let type = try node.elementType(0)
    var (gate, value) = (try input(0), optionalInput(1))
    if value == nil {
      let width = try node.fixedShape(0).last ?? 0
      let halves = try split(gate, [width / 2, width / 2], axis: -1)
      (gate, value) = (halves[0], halves[1])
    }
    if let limit = try node.float("limit"), limit > 0 {
      let (low, high) = (try number(Double(-limit), type), try number(Double(limit), type))
      (gate, value) = (self("Min", gate, high), self("Clip", value, low, high))
    }
    if let beta = try node.float("activation_beta"), beta != 0 {
      value = self("Add", value, try number(Double(beta), type))
    }
    return self(
      "Mul", self("Swish", gate, attributes: ["alpha": .float(try node.float("activation_alpha") ?? 1)]), value)
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

  /// `shape`, which input `index` has to have, too.
  func requireEqual(_ index: Int, to shape: [Dim]) throws -> [Dim] {
    guard let other = try facts(index).shape else { return shape }
    try require(
      other.count == shape.count && zip(other, shape).allSatisfy { $0.equals($1) != false },
      "input \(index) is of shape \(other), not \(shape)")
    return shape
  }
}
