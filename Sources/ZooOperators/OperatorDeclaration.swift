import ZooCore

/// What passes need to know of an operator without knowing its name.
package struct OperatorTraits: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Two runs may give different results, so nothing may be computed ahead.
  package static let random = OperatorTraits(rawValue: 1 << 0)
  /// Output 0 has the elements of input 0 in the same order, in another shape.
  package static let view = OperatorTraits(rawValue: 1 << 1)
  /// Each element of output 0 depends on those elements of the inputs alone that broadcast to its place.
  package static let elementwise = OperatorTraits(rawValue: 1 << 2)
  /// Sums of products, whose operands may be rounded (`Precision`).
  package static let product = OperatorTraits(rawValue: 1 << 3)
  /// Only the shape of input 0 matters, not what it holds.
  package static let readsShapeOnly = OperatorTraits(rawValue: 1 << 4)
  /// Zero in all inputs gives zero.
  package static let keepsZero = OperatorTraits(rawValue: 1 << 5)
  /// Runs graphs of its own.
  package static let hasBodies = OperatorTraits(rawValue: 1 << 6)
  /// Where input 0 and output 0 have one type and one shape, they hold the same elements.
  package static let keepsValues = OperatorTraits(rawValue: 1 << 7)
  /// Each element of the outputs is one of the inputs', or the same for all.
  package static let copies = OperatorTraits(rawValue: 1 << 8)
  /// What it gives depends on the types of its inputs, not only on their numbers.
  package static let readsTypes = OperatorTraits(rawValue: 1 << 9)
}

/// What an operator is, apart from how it is computed: all that shape inference, operator set conversion, importers and
/// passes know of it.
///
/// One declaration serves all versions of an operator; rules look at `Inference.opset` where versions differ.
package struct OperatorDeclaration: Sendable {
  package typealias TypeRule = @Sendable (Inference) throws -> [ValueKind?]
  package typealias ShapeRule = @Sendable (Inference) throws -> [[Dim]?]
  package typealias ElementRule = @Sendable (Inference) throws -> [Dim]
  package typealias FunctionRule = @Sendable (inout FunctionBody) throws -> [FunctionBody.Value?]
  package typealias FactRule = @Sendable (Inference) throws -> [ValueFacts]

  package let name: String
  /// Empty for ONNX's own.
  package private(set) var domain: String
  package let traits: OperatorTraits
  /// Inputs whose elements the shapes of the outputs depend on.
  package let shapeInputs: [Int]
  private var allowedTable = AllowedParameters.Table()
  private var types: TypeRule?
  private let shapes: ShapeRule?
  private let elements: ElementRule?
  private let anyType: Bool
  private let facts: FactRule?
  private var function: FunctionRule?
  var derivative: FunctionRule?
  /// What a node whose derivative is wanted stands for.
  private var differentiable: FunctionRule?
  var rowRule: RowRule?
  var channelRule: ChannelRule?
  var partRule: PartRule?
  /// `nil` for an operator that reads all rows.
  package internal(set) var countedRows: CountedRows?

  /// - Parameters:
  ///   - types: The kinds of the outputs; without it they follow from the type variables of the operator's schema.
  ///   - shapes: The shapes of the outputs; an extent that only running the operator tells is `Dim.unknown()`.
  ///   - elements: The integers of output 0, for operators that compute shapes.
  ///   - elementsOfAnyType: Whether that rule can tell whole numbers of other types, too.
  package init(
    _ name: String, domain: String = "", _ traits: OperatorTraits = [], shapeInputs: [Int] = [],
    types: TypeRule? = nil, elements: ElementRule? = nil, elementsOfAnyType anyType: Bool = false,
    shapes: @escaping ShapeRule
  ) {
    (self.name, self.domain, self.traits, self.shapeInputs) = (name, domain, traits, shapeInputs)
    (self.types, self.elements, self.shapes, self.anyType, facts) = (types, elements, shapes, anyType, nil)
  }

  /// - Parameter facts: All that is known of the outputs, for operators whose types, shapes and elements have one source,
  ///   such as a body.
  package init(
    _ name: String, domain: String = "", _ traits: OperatorTraits = [], shapeInputs: [Int] = [],
    facts: @escaping FactRule
  ) {
    (self.name, self.domain, self.traits, self.shapeInputs) = (name, domain, traits, shapeInputs)
    (types, elements, shapes, anyType, self.facts) = (nil, nil, nil, false, facts)
  }

  /// The same operator as another domain has it.
  func offered(by domain: String, types: @escaping TypeRule) -> OperatorDeclaration {
    var other = self
    (other.domain, other.types, other.allowedTable) = (domain, types, AllowedParameters.Table())
    return other
  }

  /// The same operator as a function: what its nodes stand for.
  func asFunction(_ rule: @escaping FunctionRule) -> OperatorDeclaration {
    var other = self
    other.function = rule
    return other
  }

  /// The same operator, whose derivative is that of a function.
  func differentiated(as rule: @escaping FunctionRule) -> OperatorDeclaration {
    var other = self
    other.differentiable = rule
    return other
  }

  /// Whether nodes stand for others, so that the operator has no kernel.
  package var isFunction: Bool { function != nil || isGradient }

  /// Whether the operator is ONNX's Gradient, whose nodes stand for the derivative of the graph that they hold.
  package var isGradient: Bool { name == "Gradient" && domain == trainingDomain }

  /// Whether the operator has a derivative, or a function that has.
  package var hasOwnDerivative: Bool { derivative != nil || differentiable != nil }

  /// What a node of a function stands for; `nil` where that depends on what is not known yet.
  ///
  /// - Parameter differentiates: Whether the derivative of the node is wanted.
  /// - Throws: `ZooError` (`unsupported`) for what the function can't express.
  package func functionBody(of node: Inference, differentiates: Bool = false) throws -> FunctionBody? {
    // What it refuses may be in nobody's way.
    if differentiates, function == nil { return try? body(of: node, by: differentiable) }
    return try body(of: node, by: function)
  }

  /// What a node stands for where its derivative is wanted.
  func differentiableBody(of node: Inference) throws -> FunctionBody? { try body(of: node, by: differentiable) }

  private func body(of node: Inference, by rule: FunctionRule?) throws -> FunctionBody? {
    guard let rule else { return nil }
    try node.checkSizesForFunction()
    var body = FunctionBody(node)
    return try node.ifKnown {
      body.results = try rule(&body)
      return body
    }
  }

  /// What is known of a node's outputs.
  ///
  /// - Throws: `ZooError` (`badData`) for a node that the operator's specification does not allow.
  package func infer(_ node: Inference) throws -> [ValueFacts] {
    let results = try ruled(node)
    let allowed = allowed
    try node.checkPresence(allowed.inputs)
    for (index, input) in node.inputs.enumerated() {
      try node.checkKind(input?.kind, at: index, allowed.inputs, "input")
    }
    for (index, result) in results.enumerated() {
      try node.checkKind(result.kind, at: index, allowed.outputs, "output")
    }
    return results
  }

  private var allowed: (inputs: AllowedParameters, outputs: AllowedParameters) {
    allowedTable.parameters {
      let versions = OperatorHistory.versions(of: name, domain: domain)
      // Kernels of elementwise operators take more types of numbers, and refuse those that they don't.
      let widens = traits.contains(.elementwise)
      return (
        AllowedParameters(versions.map(\.inputs), widens: widens),
        AllowedParameters(versions.map(\.outputs), widens: widens)
      )
    }
  }

  /// What the rules say.
  private func ruled(_ node: Inference) throws -> [ValueFacts] {
    if let facts {
      let known = try node.ifKnown { try facts(node) } ?? []
      return node.node.outputs.indices.map { $0 < known.count ? known[$0] : ValueFacts(nil) }
    }
    let kinds = try node.ifKnown { try self.types?(node) ?? schemaKinds(node) } ?? []
    let shapes = try node.ifKnown { try self.shapes?(node) ?? [] } ?? []
    var facts = node.node.outputs.indices.map { index in
      ValueFacts(index < kinds.count ? kinds[index] : nil, shape: index < shapes.count ? shapes[index] : nil)
    }
    if let elements, let type = facts.first?.elementType, anyType || type == .int64 || type == .int32,
      facts[0].shape.map({ $0.product.number.map { $0 <= Self.mostElements } ?? false }) ?? false
    {
      facts[0].elements = try node.ifKnown { try elements(node) }
    }
    return facts
  }

  /// More integers than any tensor has dimensions, or any list of axes names.
  static let mostElements = 64

  /// The outputs' kinds by the type variables that they share with inputs, and those that have only one.
  func schemaKinds(_ node: Inference) throws -> [ValueKind?] {
    // Plugins take some operators in models of older sets than those that brought them.
    guard
      let schema = OperatorHistory.schema(name, domain: domain, at: node.opset)
        ?? OperatorHistory.versions(of: name, domain: domain).first
    else { throw NotKnown() }
    return try node.kinds(inputs: schema.inputs, outputs: schema.outputs)
  }
}
