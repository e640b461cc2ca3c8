extension OperatorCatalogue {
  static let elementwise: [OperatorDeclaration] = functions + activations + arithmetic + comparisons + logic + others

  /// Other functions of numbers. Whether Clip keeps zero depends on its bounds.
  private static let functions: [OperatorDeclaration] = [
    .unary("Abs", .keepsZero, elements: { $0.isNonNegative ? $0 : .maximum($0, -$0) }),
    .unary("Acos"), .unary("Acosh"), .unary("Asin", .keepsZero), .unary("Asinh", .keepsZero),
    .unary("Atan", .keepsZero),
    .unary("Atanh", .keepsZero), .unary("Ceil", .keepsZero, elements: { $0.ceiling }, withRatios: true), .unary("Cos"),
    .unary("Cosh"),
    .unary("Erf", .keepsZero), .unary("Exp"), .unary("Floor", .keepsZero, elements: { $0.floor }, withRatios: true),
    .unary("IsInf", .keepsZero), .unary("IsNaN", .keepsZero), .unary("Log"),
    .unary("Neg", .keepsZero, elements: { -$0 }), .unary("Reciprocal"),
    .unary("Round", .keepsZero, elements: { $0 }), .unary("Sign", .keepsZero, elements: { $0.sign }),
    .unary("Sin", .keepsZero), .unary("Sinh", .keepsZero), .unary("Sqrt", .keepsZero), .unary("Tan", .keepsZero),
    .clip, .pRelu, .swiGLU,
  ]

  /// Functions of one number that networks put between their layers. Whether Shrink keeps zero depends on its attributes.
  private static let activations: [OperatorDeclaration] = [
    .unary("Celu", .keepsZero), .unary("Elu", .keepsZero), .unary("Gelu", .keepsZero), .unary("HardSigmoid"),
    .unary("HardSwish", .keepsZero), .unary("LeakyRelu", .keepsZero), .unary("Mish", .keepsZero),
    .unary("Relu", .keepsZero, elements: { .maximum($0, 0) }), .unary("Selu", .keepsZero), .unary("Shrink"),
    .unary("Sigmoid"), .unary("Softplus"), .unary("Softsign", .keepsZero), .unary("Swish", .keepsZero),
    .unary("Tanh", .keepsZero), .unary("ThresholdedRelu", .keepsZero),
  ]

  /// What attributes of other operators may name as their activation.
  static let activationNames = Set(activations.map(\.name))

  private static let arithmetic: [OperatorDeclaration] = [
    .broadcasting("Add", .keepsZero, elements: { try $0.elementwise(+) }),
    .broadcasting("Sub", .keepsZero, elements: { try $0.elementwise(-) }),
    .broadcasting("Mul", .keepsZero, elements: { try $0.elementwise(withRatios: true) { try $0.product(with: $1) } }),
    .div, .mod, .pow,
    .variadic("Max", .keepsZero, elements: Dim.maximum), .variadic("Min", .keepsZero, elements: Dim.minimum),
    .variadic("Sum", .keepsZero, elements: +), .variadic("Mean", .keepsZero),
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
