import Glibc

extension OperatorCatalogue {
  /// Functions of one number that networks put between their layers. Whether Shrink keeps zero depends on its attributes.
  static let activations: [OperatorDeclaration] = [
    .unary("Celu", .keepsZero).slope { f in
      let below = f("Exp", f("Div", f.x, try f.attribute("alpha", default: 1)))
      return try f.slope(above: f.number(1), below: below)
    },
    .unary("Elu", .keepsZero).slope { f in
      let below = f("Mul", f("Exp", f.x), try f.attribute("alpha", default: 1))
      return try f.slope(above: f.number(1), below: below)
    },
    .unary("Gelu", .keepsZero).differentiated { try [$0.gelu()] },
    .unary("HardSigmoid").slope { f in
      let isBetween = f("And", f("Greater", f.y, try f.number(0)), f("Less", f.y, try f.number(1)))
      return try f.only(where: isBetween, f.attribute("alpha", default: 0.2))
    },
    .unary("HardSwish", .keepsZero).slope { f in
      let line = f("Div", f("Add", f("Add", f.x, f.x), try f.number(3)), try f.number(6))
      let below = try f.only(where: f("Greater", f.x, f.number(-3)), line)
      return f("Where", f("Less", f.x, try f.number(3)), below, try f.number(1))
    },
    .unary("LeakyRelu", .keepsZero).slope { f in
      try f.slope(above: f.number(1), below: f.attribute("alpha", default: 0.01))
    },
    .unary("Mish", .keepsZero).differentiated { f in [f("Mul", f.x, f("Tanh", f("Softplus", f.x)))] },
    .unary("Relu", .keepsZero, elements: { .maximum($0, 0) }).derivative { f in
      [try f.only(where: f("Greater", f.x, f.number(0)), f.gradient)]
    },
    .unary("Selu", .keepsZero).slope { f in
      let gamma = try f.attribute("gamma", default: 1.05070102214813232421875)
      let alpha = try f.attribute("alpha", default: 1.67326319217681884765625)
      return try f.slope(above: gamma, below: f("Mul", f("Mul", gamma, alpha), f("Exp", f.x)))
    },
    .unary("Shrink").derivative { f in
      let isOutside = f("Greater", f("Abs", f.x), try f.attribute("lambd", default: 0.5))
      return [try f.only(where: isOutside, f.gradient)]
    },
    .unary("Sigmoid").slope { f in f("Mul", f.y, f("Sub", try f.number(1), f.y)) },
    .unary("Softplus").slope { f in f("Sigmoid", f.x) },
    .unary("Softsign", .keepsZero).slope { f in
      f("Reciprocal", f.square(f("Add", f("Abs", f.x), try f.number(1))))
    },
    .unary("Swish", .keepsZero).differentiated { f in
      [f("Mul", f.x, f("Sigmoid", f("Mul", f.x, try f.attribute("alpha", default: 1))))]
    },
    .unary("Tanh", .keepsZero).slope { f in f("Sub", try f.number(1), f.square(f.y)) },
    .unary("ThresholdedRelu", .keepsZero).derivative { f in
      [try f.only(where: f("Greater", f.x, f.attribute("alpha", default: 1)), f.gradient)]
    },
  ]

  /// What attributes of other operators may name as their activation.
  static let activationNames = Set(activations.map(\.name))
}

extension FunctionBody {
  /// One of two slopes, by the sign of input 0.
  fileprivate mutating func slope(above: Value, below: Value) throws -> Value {
    self("Where", self("Greater", x, try number(0)), above, below)
  }

  /// ONNX Gelu by its definition: x/2 · (1 + erf(x/√2)), or what tanh makes of it.
  fileprivate mutating func gelu() throws -> Value {
    let half = self("Mul", x, try number(0.5))
    if try node.text("approximate") == "tanh" {
      let cubic = self("Mul", self("Mul", x, square(x)), try number(0.044715))
      let inner = self("Mul", self("Add", x, cubic), try number((2 / Double.pi).squareRoot()))
      return self("Mul", half, self("Add", self("Tanh", inner), try number(1)))
    }
    let inner = self("Mul", x, try number(0.5.squareRoot()))
    return self("Mul", half, self("Add", self("Erf", inner), try number(1)))
  }
}
