import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension WorkGraph {
  /// Whether the graph has a node without which no pattern can be there: looking for them takes tables of all values.
  var mayHoldPatterns: Bool {
    let needed: Set<String> = ["ReduceMean", "Erf", "Tanh", "Softmax", "ArgMax", "DequantizeLinear"]
    return nodes.contains { needed.contains($0.node.operatorType) }
  }
}

/// A graph as passes see it that look for patterns: who makes a value, who reads it, what it is.
///
/// A pass replaces the last node of a pattern; what only that one needed is dead code afterwards. The passes share one
/// graph and find in it what the earlier ones made.
struct PatternGraph {
  private(set) var graph: WorkGraph
  private var producers: [String: Int] = [:]
  private var readers: [String: [Int]] = [:]
  private let published: Set<String>
  /// Nodes that take the place of the one at a position.
  private var replacements: [Int: [WorkNode]] = [:]

  init(_ graph: WorkGraph) {
    self.graph = graph
    published = Set(graph.outputs.map(\.value))
    index()
  }

  private mutating func index() {
    producers.removeAll(keepingCapacity: true)
    for (index, entry) in graph.nodes.enumerated() {
      for output in entry.node.outputs where !output.isEmpty { producers[output] = index }
    }
    readers = graph.consumers()
  }

  // MARK: Looking

  /// The node that makes `value`, if it is one of ONNX's operator `type`.
  func producer(of value: String, _ type: String) -> WorkNode? {
    guard let index = producers[value] else { return nil }
    return isOperator(graph.nodes[index].node, type) ? graph.nodes[index] : nil
  }

  /// The only node that reads `value`, if nobody else sees it.
  func onlyReader(of value: String) -> (index: Int, node: Node)? {
    guard let places = readers[value], places.count == 1, !published.contains(value) else { return nil }
    return (places[0], graph.nodes[places[0]].node)
  }

  func isOperator(_ node: Node, _ type: String) -> Bool {
    node.operatorType == type && OperatorRegistry.canonical(node.domain).isEmpty
  }

  func shape(of value: String) -> [Int]? { graph.constants[value]?.shape ?? graph.types[value]?.shape }

  func type(of value: String) -> ElementType? { graph.constants[value]?.type ?? graph.types[value]?.type }

  /// The one number that `value` holds.
  func scalar(_ value: String) -> Float? {
    guard let constant = graph.constants[value], constant.shape.reduce(1, *) == 1 else { return nil }
    if constant.type == .int64 { return integers(value)?.first.map(Float.init) }
    guard constant.type == .float32, let numbers: [Float] = try? constant.load().elements() else { return nil }
    return numbers.first
  }

  /// The integers that `value` holds.
  func integers(_ value: String) -> [Int]? {
    guard let constant = graph.constants[value], constant.type == .int64, constant.shape.reduce(1, *) <= 64,
      let numbers: [Int64] = try? constant.load().elements()
    else { return nil }
    return numbers.map { Int(clamping: $0) }
  }

  /// Whether two values are one, or constants of the same bits, small enough to look at.
  func isSame(_ first: String, _ second: String) -> Bool {
    if first == second { return true }
    guard let one = graph.constants[first], let other = graph.constants[second], one.type == other.type,
      one.shape == other.shape, one.byteCount <= 1 << 16, let bytes = try? one.load(), let others = try? other.load()
    else { return false }
    return bytes.withUnsafeBytes { bytes in
      others.withUnsafeBytes { others in
        guard let first = bytes.baseAddress, let second = others.baseAddress else { return true }
        return memcmp(first, second, bytes.count) == 0
      }
    }
  }

  /// The operands of a node of two, the one for which `test` holds first.
  func operands<Found>(_ node: Node, _ test: (String) -> Found?) -> (found: Found, other: String)? {
    guard node.inputs.count == 2 else { return nil }
    if let found = test(node.inputs[0]) { return (found, node.inputs[1]) }
    return test(node.inputs[1]).map { ($0, node.inputs[0]) }
  }

  /// As many nodes are looked through that only scale or reshape. Nobody writes more, and of a long chain each link
  /// would look at all before it.
  private static let mostLinks = 16

  /// `value` without what multiplies or divides it by a number.
  func unscaled(_ value: String) -> (value: String, factor: Float) {
    var (value, factor) = (value, Float(1))
    for _ in 0..<Self.mostLinks {
      if let product = producer(of: value, "Mul")?.node, let (number, other) = operands(product, scalar),
        shape(of: other) == shape(of: value)
      {
        (value, factor) = (other, factor * number)
      } else if let quotient = producer(of: value, "Div")?.node, quotient.inputs.count == 2,
        let divisor = scalar(quotient.inputs[1]), divisor != 0, shape(of: quotient.inputs[0]) == shape(of: value)
      {
        (value, factor) = (quotient.inputs[0], factor / divisor)
      } else {
        break
      }
    }
    return (value, factor)
  }

  // MARK: Changing

  /// Puts `nodes` in the place of the node at `index`.
  mutating func replace(_ index: Int, by nodes: [WorkNode]) { replacements[index] = nodes }

  func isReplaced(_ index: Int) -> Bool { replacements[index] != nil }

  /// A name for what takes part in a replacement.
  mutating func invent(_ role: String, of base: String) -> String { graph.invent(role, of: base) }

  /// A value that only this specialization has.
  mutating func define(_ name: String, like value: String, shape: [Int]) {
    graph.types[name] = ValueDescription(type: type(of: value) ?? .float32, shape: shape)
  }

  /// `value` in another shape: itself, what it was made from, or by a node that is added to `nodes`.
  mutating func reshaped(_ value: String, to shape: [Int], named name: String? = nil, _ nodes: inout [WorkNode]) throws
    -> String
  {
    if name == nil {
      var source = value
      for _ in 0..<Self.mostLinks {
        if self.shape(of: source) == shape { return source }
        guard let index = producers[source], let input = graph.nodes[index].node.inputs.first,
          ["Reshape", "Squeeze", "Unsqueeze", "Flatten"].contains(where: { isOperator(graph.nodes[index].node, $0) })
        else { break }
        source = input
      }
    }
    let written = shape.map(String.init).joined(separator: "×")
    let output = name ?? invent(written, of: value)
    let constant = invent("shape", of: output)
    graph.constants[constant] = StoredTensor(try Tensor(shape.map(Int64.init), shape: [shape.count]))
    graph.shapeDependent.insert(constant)
    define(output, like: value, shape: shape)
    nodes.append(
      WorkNode(
        Node("Reshape", name: InternalName.shown(output), inputs: [value, constant], outputs: [output]), opset: 14))
    return output
  }

  /// Makes all replacements.
  mutating func rewrite() {
    guard !replacements.isEmpty else { return }
    graph.nodes = graph.nodes.enumerated().flatMap { replacements[$0.offset] ?? [$0.element] }
    replacements = [:]
    removeDeadCode(&graph)
    index()
  }
}

/// An attribute of a node; `nil` where it has its default.
func integer(_ name: String, of node: Node) -> Int? {
  guard case .int(let value)? = node[attribute: name] else { return nil }
  return Int(value)
}
