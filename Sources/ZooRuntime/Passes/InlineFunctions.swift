import ZooCore

/// The nodes of `definition`'s graph with calls of its own functions replaced by the functions' bodies (ONNX IR
/// specification, "Functions").
///
/// - Throws: `ZooError` (`badData`) for functions that call themselves or grow out of proportion.
func inlinedNodes(_ definition: ModelDefinition) throws -> [Node] {
  guard !definition.functions.isEmpty else { return definition.graph.nodes }
  var inliner = FunctionInliner(definition)
  try inliner.checkSize(of: definition.graph.nodes)
  try inliner.expand(definition.graph.nodes)
  return inliner.nodes
}

private struct FunctionInliner {
  private struct Key: Hashable {
    var domain: ExactText
    var name: ExactText
    var overload: ExactText

    init(domain: String, name: String, overload: String) {
      self.domain = ExactText(OperatorRegistry.canonical(domain))
      (self.name, self.overload) = (ExactText(name), ExactText(overload))
    }
  }

  /// Functions that call functions can grow without bound from a small file.
  private static let nodeLimit = 1 << 17
  /// Functions inside functions.
  private static let depthLimit = 64

  private var functions: [Key: Function] = [:]
  private let modelSets: [String: Int64]
  private var calls = 0
  private(set) var nodes: [Node] = []

  init(_ definition: ModelDefinition) {
    for function in definition.functions {
      functions[Key(domain: function.domain, name: function.name, overload: function.overload)] = function
    }
    modelSets = Dictionary(
      definition.operatorSets.map { (OperatorRegistry.canonical($0.domain), $0.version) }, uniquingKeysWith: { $1 })
  }

  private func key(of node: Node) -> Key {
    Key(domain: node.domain, name: node.operatorType, overload: node.overload)
  }

  /// Refuses calls that come back to themselves, and bodies that come to too many nodes, before anything is expanded.
  func checkSize(of body: [Node]) throws {
    var sizes: [Key: Int] = [:]
    func size(of body: [Node], callers: [Key]) throws -> Int {
      try body.reduce(0) { sum, node in
        let key = key(of: node)
        guard let function = functions[key] else { return sum + 1 }
        let name = "\(key.domain.text).\(key.name.text)"
        guard !callers.contains(key) else {
          throw ZooError(.badData, "the function \(name) calls itself", at: node.label)
        }
        guard callers.count < Self.depthLimit else {
          throw ZooError(.badData, "functions call each other more than \(Self.depthLimit) deep", at: node.label)
        }
        let known = try sizes[key] ?? size(of: function.nodes, callers: callers + [key])
        sizes[key] = known
        // Each is below the limit, so that sums can't overflow.
        guard sum + known <= Self.nodeLimit else {
          throw ZooError(.badData, "the model's functions expand to more than \(Self.nodeLimit) nodes")
        }
        return sum + known
      }
    }
    _ = try size(of: body, callers: [])
  }

  /// Needs what `checkSize` has checked.
  mutating func expand(_ body: [Node]) throws {
    for node in body {
      if let function = functions[key(of: node)] {
        try expand(instance(of: function, for: node))
      } else {
        nodes.append(node)
      }
    }
  }

  /// The function's nodes with the call's values, attributes and unique names for what lies inside.
  private mutating func instance(of function: Function, for call: Node) throws -> [Node] {
    for set in function.operatorSets {
      let domain = OperatorRegistry.canonical(set.domain)
      if let version = modelSets[domain], version != set.version {
        throw ZooError(
          .unsupported,
          "the function \(function.name) uses version \(set.version) of a domain that the model imports as \(version)",
          at: call.label, advice: "convert the model to one version of the domain")
      }
    }
    calls += 1
    let label = "\(call.name.isEmpty ? function.name : call.name)#\(calls)/"
    let prefix = InternalName.invented("\(calls)/", of: "")
    var names: [String: String] = ["": ""]
    for (index, input) in function.inputs.enumerated() {
      names[input] = index < call.inputs.count ? call.inputs[index] : ""
    }
    for (output, given) in zip(function.outputs, call.outputs) where !given.isEmpty { names[output] = given }
    for name in function.nodes.flatMap({ $0.inputs + $0.outputs }) where names[name] == nil {
      names[name] = prefix + name
    }
    let given = Dictionary(
      (function.attributeDefaults + call.attributes).map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { $1 })
    return function.nodes.map { node in
      var copy = renamed(node, names)
      copy.name = label + node.name
      copy.attributes = attributes(copy.attributes, given)
      return copy
    }
  }

  /// The attributes of a function's node, and those in its subgraphs, with the values that the call gives.
  private func attributes(_ attributes: [Attribute], _ given: [ExactText: Attribute.Value]) -> [Attribute] {
    attributes.compactMap { attribute in
      guard attribute.referenceName.isEmpty else {
        // An attribute that the call leaves out, and that has no default, is absent in the body too.
        return given[ExactText(attribute.referenceName)].map { Attribute(attribute.name, $0) }
      }
      guard case .graph(var body) = attribute.value else { return attribute }
      for index in body.nodes.indices {
        body.nodes[index].attributes = self.attributes(body.nodes[index].attributes, given)
      }
      return Attribute(attribute.name, .graph(body))
    }
  }
}
