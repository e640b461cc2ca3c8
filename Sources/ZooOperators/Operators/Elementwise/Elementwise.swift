extension OperatorCatalogue {
  static let elementwise: [OperatorDeclaration] = functions + activations + arithmetic + comparisons + logic + others

  /// Other functions of numbers. Whether Clip keeps zero depends on its bounds.
  private static let functions: [OperatorDeclaration] = [
    .unary("Abs", .keepsZero, elements: { $0.isNonNegative ? $0 : .maximum($0, -$0) }).slope { f in f("Sign", f.x) },
    .unary("Acos").slope { f in f("Neg", f("Reciprocal", f("Sqrt", f("Sub", try f.number(1), f.square(f.x))))) },
    .unary("Acosh").slope { f in f("Reciprocal", f("Sqrt", f("Sub", f.square(f.x), try f.number(1)))) },
    .unary("Asin", .keepsZero).slope { f in f("Reciprocal", f("Sqrt", f("Sub", try f.number(1), f.square(f.x)))) },
    .unary("Asinh", .keepsZero).slope { f in f("Reciprocal", f("Sqrt", f("Add", f.square(f.x), try f.number(1)))) },
    .unary("Atan", .keepsZero).slope { f in f("Reciprocal", f("Add", f.square(f.x), try f.number(1))) },
    .unary("Atanh", .keepsZero).slope { f in f("Reciprocal", f("Sub", try f.number(1), f.square(f.x))) },
    .unary("Ceil", .keepsZero, elements: { $0.ceiling }, withRatios: true).steps(),
    .unary("Cos").slope { f in f("Neg", f("Sin", f.x)) },
    .unary("Cosh").slope { f in f("Sinh", f.x) },
    .unary("Erf", .keepsZero).slope { f in
      f("Mul", f("Exp", f("Neg", f.square(f.x))), try f.number(2 / Double.pi.squareRoot()))
    },
    .unary("Exp").slope { f in f.y },
    .unary("Floor", .keepsZero, elements: { $0.floor }, withRatios: true).steps(),
    .unary("IsInf", .keepsZero), .unary("IsNaN", .keepsZero),
    .unary("Log").slope { f in f("Reciprocal", f.x) },
    .unary("Neg", .keepsZero, elements: { -$0 }).derivative { f in [f("Neg", f.gradient)] },
    .unary("Reciprocal").slope { f in f("Neg", f.square(f.y)) },
    .unary("Round", .keepsZero, elements: { $0 }).steps(),
    .unary("Sign", .keepsZero, elements: { $0.sign }).steps(),
    .unary("Sin", .keepsZero).slope { f in f("Cos", f.x) },
    .unary("Sinh", .keepsZero).slope { f in f("Cosh", f.x) },
    .unary("Sqrt", .keepsZero).slope { f in f("Reciprocal", f("Add", f.y, f.y)) },
    .unary("Tan", .keepsZero).slope { f in f("Add", f.square(f.y), try f.number(1)) },
    .clip, .pRelu, .swiGLU,
  ]

  private static let arithmetic: [OperatorDeclaration] = [
    .broadcasting("Add", .keepsZero, elements: { try $0.elementwise(+) }).derivative { f in
      [try f.summed(f.gradient, to: 0), try f.summed(f.gradient, to: 1)]
    },
    .broadcasting("Sub", .keepsZero, elements: { try $0.elementwise(-) }).derivative { f in
      [try f.summed(f.gradient, to: 0), f("Neg", try f.summed(f.gradient, to: 1))]
    },
    .broadcasting("Mul", .keepsZero, elements: { try $0.elementwise(withRatios: true) { try $0.product(with: $1) } })
      .derivative { f in
        [
          try f.summed(f("Mul", f.gradient, f.operand(1)), to: 0), try f.summed(f("Mul", f.gradient, f.x), to: 1),
        ]
      },
    .div, .mod, .pow,
    .variadic("Max", .keepsZero, elements: Dim.maximum).derivative { try $0.gradientsOfExtremes() },
    .variadic("Min", .keepsZero, elements: Dim.minimum).derivative { try $0.gradientsOfExtremes() },
    .variadic("Sum", .keepsZero, elements: +).derivative { f in
      try f.node.inputs.indices.map { try f.summed(f.gradient, to: $0) }
    },
    .variadic("Mean", .keepsZero).derivative { f in
      let part = f("Div", f.gradient, try f.number(Double(f.node.inputs.count)))
      return try f.node.inputs.indices.map { try f.summed(part, to: $0) }
    },
  ]

  private static let comparisons: [OperatorDeclaration] = [
    .broadcasting("Equal", elements: { try $0.elementwise { .truth($0.isSurelyEqual(to: $1)) } }),
    .broadcasting("Less", .keepsZero, elements: { try $0.elementwise { .truth($0.isSurelyLess(than: $1)) } }),
    .broadcasting("Greater", .keepsZero, elements: { try $0.elementwise { .truth($1.isSurelyLess(than: $0)) } }),
    .broadcasting("LessOrEqual", elements: { try $0.elementwise { .truth($1.isSurelyLess(than: $0).map { !$0 }) } }),
    .broadcasting("GreaterOrEqual", elements: { try $0.elementwise { .truth($0.isSurelyLess(than: $1).map { !$0 }) } }),
  ]

  /// Truth is 1, else 0.
  private static let logic: [OperatorDeclaration] = [
    .broadcasting("And", .keepsZero, elements: { try $0.elementwise(*) }),
    .broadcasting("Or", .keepsZero, elements: { try $0.elementwise { $0 + $1 - $0 * $1 } }),
    .broadcasting("Xor", .keepsZero, elements: { try $0.elementwise { $0 + $1 - 2 * $0 * $1 } }),
    .unary("Not", elements: { 1 - $0 }),
    .broadcasting("BitwiseAnd", .keepsZero), .broadcasting("BitwiseOr", .keepsZero),
    .broadcasting("BitwiseXor", .keepsZero), .unary("BitwiseNot"), .bitShift,
  ]

  private static let others: [OperatorDeclaration] = [.bitCast, .cast, .castLike, .dropout, .identity, .whereOperator]
}

extension OperatorDeclaration {
  /// An operator that gives a tensor of its first input's shape.
  ///
  /// - Parameters:
  ///   - function: What becomes of a whole number.
  ///   - withRatios: Whether that takes ratios of whole numbers as well.
  static func unary(
    _ name: String, domain: String = "", _ traits: OperatorTraits = [],
    elements function: (@Sendable (Dim) -> Dim)? = nil, withRatios: Bool = false
  ) -> OperatorDeclaration {
    var rule: ElementRule?
    if let function {
      rule = { node in
        let type = try node.elementType(0)
        return try (withRatios ? node.reals(0) : node.wholeNumbers(0)).map { try function($0).exact(as: type) }
      }
    }
    return OperatorDeclaration(
      name, domain: domain, traits.union(.elementwise), elements: rule, elementsOfAnyType: true
    ) { node in [try node.shape(0)] }
  }

  /// An operator on two tensors that broadcast to each other.
  static func broadcasting(
    _ name: String, domain: String = "", _ traits: OperatorTraits = [], elements: ElementRule? = nil
  ) -> OperatorDeclaration {
    OperatorDeclaration(
      name, domain: domain, traits.union(.elementwise), elements: elements, elementsOfAnyType: true
    ) { node in
      if node.broadcastsByAttributes { return [try node.shapeByAttributes()] }
      return [try node.broadcast([try node.shape(0), try node.shape(1)])]
    }
  }

  /// A function of two numbers folded over any number of tensors that broadcast to each other.
  static func variadic(
    _ name: String, _ traits: OperatorTraits = [], elements join: (@Sendable (Dim, Dim) -> Dim)? = nil
  ) -> OperatorDeclaration {
    var rule: ElementRule?
    if let join {
      rule = { node in
        let type = try node.elementType(0)
        return try node.elementwise(of: Array(node.inputs.indices)) { values in
          try values.dropFirst().reduce(values[0], join).exact(as: type)
        }
      }
    }
    return OperatorDeclaration(name, traits.union(.elementwise), elements: rule, elementsOfAnyType: true) { node in
      try node.require(!node.inputs.isEmpty, "the operator has no inputs")
      return [try node.broadcast(node.inputs.indices.map { try node.shape($0) })]
    }
  }
}

extension FunctionBody {
  /// Those of Max and Min: inputs that are equally extreme share the gradient.
  fileprivate mutating func gradientsOfExtremes() throws -> [Value?] {
    let shares = try node.inputs.indices.map { try indicator(self("Equal", try input($0), y)) }
    let part = self("Div", gradient, add("Sum", shares, outputs: 1)[0])
    return try shares.indices.map { try summed(self("Mul", part, shares[$0]), to: $0) }
  }
}
