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

  /// Names may be long, and nodes may share them.
  private static let nameLimit = 1 << 27

  private var functions: [Key: Function] = [:]
  private var preparations: [Key: PreparedFunction] = [:]
  private var nameBytes = 0
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
      let key = key(of: node)
      if functions[key] != nil {
        try expand(instance(of: key, for: node))
      } else {
        nodes.append(node)
      }
    }
  }

  /// The function's nodes with the call's values, attributes and unique names for what lies inside.
  private mutating func instance(of key: Key, for call: Node) throws -> [Node] {
    let function = try prepared(key, for: call)
    calls += 1
    let label = "\((call.name.isEmpty ? function.name : call.name).shortened(0))#\(calls)/"
    let prefix = InternalName.invented("\(calls)/", of: "")
    var names = function.sharedNames
    for (index, input) in function.inputs.enumerated() {
      names[input] = index < call.inputs.count ? call.inputs[index] : ""
    }
    for (output, given) in zip(function.outputs, call.outputs) where !given.isEmpty { names[output] = given }
    for (name, short) in function.innerNames where names[name] == nil {
      let new = prefix + short
      names[name] = new
      nameBytes += new.utf8.count
    }
    guard nameBytes <= Self.nameLimit else {
      throw ZooError(.badData, "the names in the model's functions expand to more than \(Self.nameLimit) bytes")
    }
    let given = Dictionary(
      (function.attributeDefaults + call.attributes).map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { $1 })
    var renaming = Renaming(names: names)
    return function.nodes.map { node in
      var copy = renaming.renamed(node)
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

  /// The function, checked and made ready when it is first called.
  private mutating func prepared(_ key: Key, for call: Node) throws -> PreparedFunction {
    if let known = preparations[key] { return known }
    guard let function = functions[key] else { throw ZooError(.defect, "the function is not there", at: call.label) }
    for set in function.operatorSets {
      let domain = OperatorRegistry.canonical(set.domain)
      if let version = modelSets[domain], version != set.version {
        throw ZooError(
          .unsupported,
          "the function \(function.name) uses version \(set.version) of a domain that the model imports as \(version)",
          at: call.label, advice: "convert the model to one version of the domain")
      }
    }
    var made = PreparedFunction(function)
    let number = preparations.count + 1
    let prefix = InternalName.invented("\(number)c/", of: "")
    let outside = Set(function.inputs + function.outputs)
    made.nodes = function.nodes.enumerated().compactMap { index, node in
      var copy = node
      copy.name = node.name.shortened(index)
      // A constant is the same in all calls, and in memory once.
      guard let output = node.outputs.first, node.outputs.count == 1, node.constantTensor != nil,
        !outside.contains(output), !output.isEmpty
      else { return copy }
      let shared = prefix + output.shortened(index)
      made.sharedNames[output] = shared
      copy.name = "\(function.name.shortened(0))#\(number)c/" + copy.name
      copy.outputs = [shared]
      nodes.append(copy)
      return nil
    }
    preparations[key] = made
    return made
  }
}

/// A function as its calls need it.
private struct PreparedFunction {
  let name: String
  let inputs, outputs: [String]
  let attributeDefaults: [Attribute]
  /// Without those that all calls share.
  var nodes: [Node] = []
  /// What those make, under its name in the graph.
  var sharedNames = ["": ""]
  /// What the values of its nodes are called, and shorter forms of long names.
  private(set) var innerNames: [String: String] = [:]

  init(_ function: Function) {
    name = function.name
    inputs = function.inputs
    outputs = function.outputs
    attributeDefaults = function.attributeDefaults
    for name in function.nodes.flatMap({ $0.inputs + $0.outputs }) where innerNames[name] == nil {
      innerNames[name] = name.shortened(innerNames.count)
    }
  }
}
