import ZooCore

/// What one node of a function stands for: nodes of other operators, which the compiler puts in its place (ONNX IR
/// specification, "Functions"). So the operator needs no kernel, and its parts are fused and laid out like all others.
///
/// ```swift
/// let sum = f("Add", f.input(0), f.input(1))
/// return [f("Gelu", sum, attributes: ["approximate": .text("tanh")])]
/// ```
package struct FunctionBody {
  /// A value in the body.
  package enum Value: Hashable, Sendable {
    /// The node's own input.
    case input(Int)
    /// What a part, by its number, gives.
    case made(Int, Int)
    /// In a derivative: the node's own output.
    case output(Int)
    /// In a derivative: by how much the result grows with an element of the node's output.
    case gradient(Int)
  }

  /// What the body is made of, in order.
  package enum Part: Sendable {
    /// - Parameter sources: The node's inputs of which the constant is made whatever their shapes.
    case constant(StoredTensor, sources: [Int])
    /// A node, whose outputs are empty where nobody wants them.
    case node(Node, opset: Int64, inputs: [Value?])
    /// The graph in one of the node's attributes.
    case body(attribute: String, inputs: [Value])
  }

  /// The version of ONNX's operators by which nodes are made, unless they say another.
  package static let opset: Int64 = 24

  /// The node.
  let node: Inference
  /// In a derivative: what is known of the node's outputs, and those that the result depends on.
  let outputs: [ValueFacts]
  let gradients: Set<Int>
  package private(set) var parts: [Part] = []
  /// The function's results by position, `nil` where it does not make one.
  package internal(set) var results: [Value?] = []

  init(_ node: Inference, outputs: [ValueFacts] = [], gradients: Set<Int> = []) {
    (self.node, self.outputs, self.gradients) = (node, outputs, gradients)
  }

  // MARK: Inputs

  /// - Throws: `ZooError` (`badData`) where the node has no such input.
  func input(_ index: Int) throws -> Value {
    _ = try node.facts(index)
    return .input(index)
  }

  func optionalInput(_ index: Int) -> Value? { node.has(index) ? .input(index) : nil }

  /// The constant that input `index` is; the body can't be made before it is known.
  func constant(of index: Int) throws -> StoredTensor {
    guard let constant = try node.facts(index).constant else {
      throw ZooError(.unsupported, "input \(index) has to be a constant", at: node.node.label)
    }
    return constant
  }

  func isUsed(output index: Int) -> Bool { index < node.node.outputs.count && !node.node.outputs[index].isEmpty }

  // MARK: Parts

  /// Adds a node and gives its output.
  ///
  /// - Parameter kept: Attributes of the function that the node has, too.
  mutating func callAsFunction(
    _ type: String, _ inputs: Value?..., domain: String = "", opset: Int64 = FunctionBody.opset,
    keeping kept: Set<String> = [], attributes: KeyValuePairs<String, Attribute.Value?> = [:]
  ) -> Value {
    add(type, inputs, outputs: 1, domain: domain, opset: opset, keeping: kept, attributes: attributes)[0]
  }

  /// Adds a node and gives its outputs.
  mutating func add(
    _ type: String, _ inputs: [Value?], outputs: Int, domain: String = "", opset: Int64 = FunctionBody.opset,
    keeping kept: Set<String> = [], attributes: KeyValuePairs<String, Attribute.Value?> = [:]
  ) -> [Value] {
    var all = node.node.attributes.filter { kept.contains($0.name) }
    for (name, value) in attributes { if let value { all.append(Attribute(name, value)) } }
    return add(type, inputs, outputs: outputs, domain: domain, opset: opset, all)
  }

  mutating func add(
    _ type: String, _ inputs: [Value?], outputs: Int, domain: String = "", opset: Int64 = FunctionBody.opset,
    _ attributes: [Attribute]
  ) -> [Value] {
    let made = Node(
      type, domain: domain, name: node.node.name, inputs: [], outputs: (0..<outputs).map { "\($0)" },
      attributes: attributes)
    parts.append(.node(made, opset: opset, inputs: inputs))
    return (0..<outputs).map { .made(parts.count - 1, $0) }
  }

  /// Adds the graph in an attribute and gives its output.
  mutating func apply(_ attribute: String, _ inputs: Value...) -> Value {
    parts.append(.body(attribute: attribute, inputs: inputs))
    return .made(parts.count - 1, 0)
  }

  mutating func constant(_ tensor: Tensor) -> Value { constant(StoredTensor(tensor), of: []) }

  /// Adds a constant that is made of the constants that the node has for `sources`, and of nothing else.
  mutating func constant(_ tensor: StoredTensor, of sources: [Int]) -> Value {
    parts.append(.constant(tensor, sources: sources))
    return .made(parts.count - 1, 0)
  }

  mutating func integers(_ numbers: [Int]) throws -> Value {
    constant(try Tensor(numbers.map(Int64.init), shape: [numbers.count]))
  }

  /// 0, 1, … as a vector, which is made where there is a limit of memory.
  mutating func places(_ count: Int, _ type: ElementType = .int64) throws -> Value {
    func number(_ value: Int) throws -> Value {
      let exact = constant(try Tensor([Int64(value)], shape: []))
      return cast(exact, from: .int64, to: type)
    }
    return self("Range", try number(0), try number(count), try number(1))
  }

  /// A number of type `type`, one of those of floats.
  mutating func number(_ number: Double, _ type: ElementType) throws -> Value {
    let exact = constant(try type == .float64 ? Tensor([number], shape: []) : Tensor([Float(number)], shape: []))
    return type == .float64 ? exact : cast(exact, from: .float32, to: type)
  }

  mutating func cast(_ value: Value, from: ElementType? = nil, to type: ElementType) -> Value {
    from == type ? value : self("Cast", value, attributes: ["to": .int(Int64(type.rawValue))])
  }

  mutating func reshape(_ value: Value, _ shape: [Int]) throws -> Value {
    self("Reshape", value, try integers(shape), attributes: ["allowzero": .int(shape.contains(-1) ? 0 : 1)])
  }

  mutating func transpose(_ value: Value, _ order: [Int]) -> Value {
    self("Transpose", value, attributes: ["perm": .ints(order.map(Int64.init))])
  }

  /// The parts of that size along an axis.
  mutating func split(_ value: Value, _ sizes: [Int], axis: Int) throws -> [Value] {
    add(
      "Split", [value, try integers(sizes)], outputs: sizes.count, attributes: ["axis": .int(Int64(axis))])
  }

  mutating func concat(_ values: [Value], axis: Int) -> Value {
    add("Concat", values, outputs: 1, attributes: ["axis": .int(Int64(axis))])[0]
  }

  mutating func unsqueeze(_ value: Value, _ axes: [Int]) throws -> Value {
    self("Unsqueeze", value, try integers(axes))
  }
}

extension Inference {
  /// So that products of an extent or two and an attribute are numbers.
  ///
  /// - Throws: `ZooError` (`unsupported`).
  func checkSizesForFunction() throws {
    try checkExtentsForFunction()
    let numbers = node.attributes.flatMap { attribute -> [Int64] in
      switch attribute.value {
      case .int(let number): [number]
      case .ints(let numbers): numbers
      default: []
      }
    }
    for number in numbers where number.magnitude > 1 << 22 {
      throw ZooError(.unsupported, "an attribute of \(number) is too large")
    }
  }

  /// - Throws: `ZooError` (`unsupported`).
  func checkExtentsForFunction() throws {
    for case let shape? in inputs.map({ $0?.fixedShape }) {
      let size = shape.map { Dim(max($0, 1)) }.product.number ?? .max
      guard size <= 1 << 40 else { throw ZooError(.unsupported, "an input of shape \(shape) is too large") }
    }
  }
}

extension Attribute.Value {
  static func text(_ text: String) -> Attribute.Value { .string(Array(text.utf8)) }
}
