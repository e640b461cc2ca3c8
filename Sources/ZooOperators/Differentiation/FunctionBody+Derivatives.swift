import ZooCore

extension OperatorDeclaration {
  /// The same operator with its derivative: the gradients of the inputs, made of these, the outputs and their gradients
  /// (reverse accumulation: Griewank and Walther, Evaluating Derivatives, 2008). `nil` for an input on which the outputs
  /// don't depend, or by steps alone.
  func derivative(_ rule: @escaping FunctionRule) -> OperatorDeclaration {
    var other = self
    other.derivative = rule
    return other
  }

  /// The same function of each element of input 0, whose derivative by it is `rule`'s.
  func slope(_ rule: @escaping @Sendable (inout FunctionBody) throws -> FunctionBody.Value) -> OperatorDeclaration {
    derivative { f in [f("Mul", f.gradient, try rule(&f))] }
  }

  /// The same operator, of whose inputs none changes the outputs but by steps.
  func steps() -> OperatorDeclaration { derivative { f in f.node.inputs.map { _ in nil } } }

  /// The nodes that make the gradients of a node's inputs; `nil` where they depend on what is not known yet.
  ///
  /// - Parameters:
  ///   - outputs: What is known of the node's outputs.
  ///   - gradients: The outputs that have a gradient.
  /// - Throws: `ZooError` (`unsupported`) for an operator without a derivative.
  package func gradients(
    of node: Inference, outputs: [ValueFacts], gradients: Set<Int>
  ) throws -> FunctionBody? {
    guard let derivative else {
      // It waits for what is not known yet, or says why it can't be.
      if hasOwnDerivative, try differentiableBody(of: node) == nil { return nil }
      throw ZooError(
        .unsupported, "there is no derivative of \(name)",
        advice: "name what it reads in zs, or a value behind it in xs, so that Gradient need not go through it")
    }
    try node.checkExtentsForFunction()
    var body = FunctionBody(node, outputs: outputs, gradients: gradients)
    return try node.ifKnown {
      body.results = try derivative(&body)
      return body
    }
  }
}

extension FunctionBody {
  /// A tensor like `value`, all of whose elements are `number`; its input is that value.
  package static func filled(_ number: Double, like value: ValueFacts) throws -> FunctionBody {
    let node = Node("Expand", inputs: ["value"], outputs: [""])
    var body = FunctionBody(Inference(node, opset: opset, inputs: [value]))
    guard let type = value.elementType else { return body }
    body.results = [body("Expand", try body.number(number, type), body("Shape", .input(0)))]
    return body
  }

  // MARK: What derivatives are made of

  /// Input 0.
  var x: Value { .input(0) }
  /// Output 0.
  var y: Value { .output(0) }
  /// The gradient of output 0.
  var gradient: Value { .gradient(0) }

  /// The shape of an output.
  func outputShape(_ index: Int = 0) throws -> [Dim] {
    guard index < outputs.count, let shape = outputs[index].shape else { throw NotKnown() }
    return shape
  }

  /// A number of input 0's type.
  mutating func number(_ number: Double) throws -> Value { try self.number(number, node.elementType(0)) }

  /// The number in an attribute.
  mutating func attribute(_ name: String, default standard: Double) throws -> Value {
    try number(node.float(name).map { Double($0) } ?? standard)
  }

  mutating func square(_ value: Value) -> Value { self("Mul", value, value) }

  /// 1 where the condition holds, else 0.
  mutating func indicator(_ condition: Value) throws -> Value { cast(condition, to: try node.elementType(0)) }

  /// `value` where the condition holds, else 0.
  mutating func only(where condition: Value, _ value: Value) throws -> Value {
    self("Where", condition, value, try number(0))
  }

  /// The extents of a tensor, from `start` to `end`.
  mutating func extents(of value: Value, _ start: Int = 0, _ end: Int? = nil) -> Value {
    self("Shape", value, attributes: ["start": .int(Int64(start)), "end": end.map { .int(Int64($0)) }])
  }

  /// The elements of `value` in the shape that `other` has.
  mutating func reshape(_ value: Value, like other: Value) -> Value {
    self("Reshape", value, extents(of: other), attributes: ["allowzero": .int(1)])
  }

  mutating func sum(_ value: Value, axes: [Int], keepsDimensions: Bool = true) throws -> Value {
    guard !axes.isEmpty else { return value }
    return self("ReduceSum", value, try integers(axes), attributes: ["keepdims": .int(keepsDimensions ? 1 : 0)])
  }

  /// For an operator that moves elements of input 0 to other places, or repeats them: its gradient, each of whose elements
  /// is the sum of those of its copies. Where these are, the operator itself tells when it moves numbers of places.
  mutating func gradientOfMoved() throws -> Value {
    func number(_ number: Int64, _ f: inout FunctionBody) throws -> Value {
      f.constant(try Tensor([number], shape: []))
    }
    let size = self("Size", x)
    let places = reshape(self("Range", try number(0, &self), size, try number(1, &self)), like: x)
    let others = node.inputs.indices.dropFirst().map(optionalInput)
    let moved = add(
      node.node.operatorType, [places] + others, outputs: 1, domain: node.node.domain, opset: node.opset,
      node.node.attributes)[0]
    let zeros = self("Expand", try self.number(0), try unsqueeze(size, [0]))
    let sums = self(
      "ScatterElements", zeros, try reshape(moved, [-1]), try reshape(gradient, [-1]),
      attributes: ["reduction": .text("add")])
    return reshape(sums, like: x)
  }

  /// Input `index` of a node whose operands broadcast, as it does by NumPy's rules: in operator sets before 7, attributes
  /// may say that the second operand's first extent is not the one that NumPy would take.
  mutating func operand(_ index: Int) throws -> Value {
    let input = try input(index)
    guard index == 1, node.broadcastsByAttributes else { return input }
    let added = try node.operandShapes()[1].count - node.rank(1)
    guard added > 0 else { return input }
    return try unsqueeze(input, Array(0..<added).map { $0 - added })
  }

  /// A gradient of output 0's shape summed over that to which input `index` was repeated.
  mutating func summed(_ value: Value, to index: Int) throws -> Value {
    guard index == 1, node.broadcastsByAttributes else {
      return try summed(value, outputShape(), to: node.shape(index), of: try input(index))
    }
    let sum = try summed(value, outputShape(), to: node.operandShapes()[1], of: operand(1))
    return reshape(sum, like: try input(1))
  }

  /// `value`, which has the shape `from`, summed to the shape `to` of another value, which broadcasts to it.
  mutating func summed(_ value: Value, _ from: [Dim], to: [Dim], of other: Value) throws -> Value {
    let added = from.count - to.count
    let places = to.indices.filter { to[$0] != from[added + $0] && (to[$0].number ?? 1) == 1 }
    // An extent that is neither 1 nor known to be the same may be 1 when the graph runs.
    if places.contains(where: { to[$0].number == nil }) {
      let ones = try integers(Array(repeating: 1, count: added))
      let extents = concat([ones, extents(of: other)], axis: 0)
      let repeated = self("Equal", extents, constant(try Tensor([Int64(1)], shape: [1])))
      let axes = self("Squeeze", self("NonZero", repeated), try integers([0]))
      let sum = self("ReduceSum", value, axes, attributes: ["noop_with_empty_axes": .int(1)])
      return reshape(sum, like: other)
    }
    let sum = try self.sum(value, axes: Array(0..<added) + places.map { added + $0 })
    return added == 0 ? sum : self("Squeeze", sum, try integers(Array(0..<added)))
  }
}

extension Inference {
  /// The error for a node of an operator that has a derivative otherwise.
  func noDerivative(_ condition: String) -> ZooError {
    ZooError(.unsupported, "there is no derivative of \(node.operatorType) \(condition)")
  }
}

extension ElementType {
  /// Whether elements are numbers that can have a derivative.
  package var isContinuous: Bool { [.float16, .bfloat16, .float32, .float64].contains(self) }
}
