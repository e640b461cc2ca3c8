import ZooCore

/// Writes the nodes that replace one. Their values are named after it; the nodes themselves get names in
/// `GraphConversion`.
struct NodeWriter {
  let origin: Node
  let bench: Workbench
  private(set) var nodes: [Node] = []

  init(_ origin: Node, _ bench: Workbench) {
    self.origin = origin
    self.bench = bench
  }

  /// A name for a new value or constant, which `Workbench` makes unique.
  func name(_ part: String) -> String { origin.partName(part) }

  /// A node of one output, which it returns; `output` is an output of the origin, if it gives one.
  @discardableResult
  mutating func node(_ type: String, _ inputs: [String], _ attributes: [Attribute] = [], to output: String? = nil)
    -> String
  {
    let output = output ?? bench.name(name(type))
    nodes(type, inputs, attributes, to: [output])
    return output
  }

  /// A node of any outputs.
  mutating func nodes(_ type: String, _ inputs: [String], _ attributes: [Attribute] = [], to outputs: [String]) {
    nodes.append(Node(type, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  func integers(_ values: [Int], _ part: String = "axes") throws -> String { try bench.integers(values, name(part)) }

  /// A scalar of that type.
  func scalar(_ value: Double, _ type: ElementType, _ part: String = "constant") throws -> String {
    try bench.filled(value, type, name(part))
  }

  /// A cast, unless the value has that type already.
  mutating func cast(_ value: String, from: ElementType, to: ElementType, output: String? = nil) -> String {
    if from == to, output == nil { return value }
    if from == to { return node("Identity", [value], to: output) }
    return node("Cast", [value], [.number("to", Int(to.rawValue))], to: output)
  }

  /// The type of a value.
  ///
  /// - Throws: `Refusal` where it is not known.
  func type(_ value: String) throws -> ElementType {
    guard let type = bench.elementType(value) else { throw Refusal("the element type of \(value) is not known") }
    return type
  }

  /// The rank of a value.
  ///
  /// - Throws: `Refusal` where it is not known.
  func rank(_ value: String) throws -> Int {
    guard let rank = bench.rank(value) else { throw Refusal("the rank of \(value) is not known") }
    return rank
  }
}

extension Attribute {
  static func number(_ name: String, _ value: Int) -> Attribute { Attribute(name, .int(Int64(value))) }
  static func list(_ name: String, _ values: [Int]) -> Attribute { Attribute(name, .ints(values.map(Int64.init))) }
}

extension Node {
  /// What something that is made in place of this node, or beside it, is called after it.
  func partName(_ part: String) -> String {
    let own = name.isEmpty ? outputs.first { !$0.isEmpty } ?? operatorType : name
    return "\(own)/\(part)"
  }

  /// The input at `index`; empty where it is absent.
  func input(_ index: Int) -> String { index < inputs.count ? inputs[index] : "" }
  func output(_ index: Int) -> String { index < outputs.count ? outputs[index] : "" }

  func int(_ name: String) -> Int? {
    guard case .int(let value)? = self[attribute: name] else { return nil }
    return Int(value)
  }

  func ints(_ name: String) -> [Int]? {
    guard case .ints(let values)? = self[attribute: name] else { return nil }
    return values.map(Int.init)
  }

  func float(_ name: String) -> Float? {
    guard case .float(let value)? = self[attribute: name] else { return nil }
    return value
  }

  func text(_ name: String) -> String? {
    guard case .string(let bytes)? = self[attribute: name] else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func remove(_ names: String...) { attributes.removeAll { names.contains($0.name) } }

  mutating func set(_ attribute: Attribute) {
    attributes.removeAll { $0.name == attribute.name }
    attributes.append(attribute)
  }

  /// Absent inputs at the end are left out.
  mutating func trimInputs() { while inputs.last == "" { inputs.removeLast() } }

  func without(_ names: String...) -> Node {
    var node = self
    node.attributes.removeAll { names.contains($0.name) }
    return node
  }

  func setting(_ attribute: Attribute) -> Node {
    var node = self
    node.set(attribute)
    return node
  }

  func renamed(_ type: String) -> Node {
    var node = self
    node.operatorType = type
    return node
  }
}
