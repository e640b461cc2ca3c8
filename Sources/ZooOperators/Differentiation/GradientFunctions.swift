import ZooCore

/// The domain of ONNX's operators that train.
let trainingDomain = "ai.onnx.preview.training"

/// The attribute in which a Gradient holds the function that it differentiates, once that is found.
package let gradientFunction = "function"

extension Node {
  package var isGradient: Bool { operatorType == "Gradient" && domain == trainingDomain }

  /// Gives the values that a Gradient's attributes name other names; `nil` for those that stay.
  package mutating func renameDifferentiated(_ rename: (String) -> String?) {
    guard isGradient else { return }
    func renamed(_ name: [UInt8]) -> [UInt8] {
      rename(String(decoding: name, as: UTF8.self)).map { Array($0.utf8) } ?? name
    }
    for index in attributes.indices where ["xs", "zs", "y"].contains(attributes[index].name) {
      switch attributes[index].value {
      case .string(let name): attributes[index].value = .string(renamed(name))
      case .strings(let names): attributes[index].value = .strings(names.map(renamed))
      default: break
      }
    }
  }

  /// Whether the node is a Gradient, or runs one.
  fileprivate var holdsGradient: Bool { isGradient || subgraphs.contains { $0.nodes.contains(where: \.holdsGradient) } }
}

extension ModelDefinition {
  /// The model with the function that each Gradient differentiates as a graph in its attribute `function`, so that it is a
  /// node with a body like others: behind it nothing depends on names.
  ///
  /// - Throws: `ZooError` for a Gradient that names what is not there, or its own result.
  package func withGradientFunctions() throws -> ModelDefinition {
    let isOwn = functions.contains { $0.name == "Gradient" && $0.domain == trainingDomain }
    guard !isOwn else { return self }
    var model = self
    var finder = GradientFunctions()
    try finder.resolve(&model.graph, in: nil)
    for index in functions.indices {
      model.functions[index].nodes = try finder.resolved(
        functions[index].nodes, given: functions[index].inputs, in: nil)
    }
    return model
  }
}

/// Finds the nodes that lead from the values that a Gradient's `xs` and `zs` name to the one that `y` names: these, with
/// what the Gradient is fed in the place of the former, are the function that it differentiates. What depends on none of
/// them is read of the graph around, as bodies do.
private struct GradientFunctions {
  /// Functions may overlap, and a Gradient's may hold Gradients.
  private static let mostNodes = 1 << 18
  private static let mostLevels = 64

  private enum State { case raw, busy, done }

  /// Of a graph, with those around it.
  private struct Scope {
    var names: Set<ExactText> = []
    /// The nodes that make them, by place in `nodes`.
    var producers: [ExactText: Int] = [:]
  }

  private var scopes: [Scope] = []
  private var nodes: [Node] = []
  /// For each node, the graph in which it is, how far it is, how many nodes it comes to, and what it reads.
  private var places: [Int] = []
  private var states: [State] = []
  private var sizes: [Int] = []
  private var reads: [Set<ExactText>] = []
  private var room = Self.mostNodes
  private var level = 0

  mutating func resolve(_ graph: inout Graph, in around: Int?) throws {
    graph.nodes = try resolved(
      graph.nodes, given: graph.inputs.map(\.name) + graph.initializers.map(\.name), in: around)
  }

  mutating func resolved(_ found: [Node], given: [String], in around: Int?) throws -> [Node] {
    guard found.contains(where: \.holdsGradient) else { return found }
    var scope = around.map { scopes[$0] } ?? Scope()
    try spend(scope.names.count / 16)
    for name in given {
      scope.names.insert(ExactText(name))
      scope.producers[ExactText(name)] = nil
    }
    let first = nodes.count
    for (index, node) in found.enumerated() {
      for output in node.outputs where !output.isEmpty {
        scope.names.insert(ExactText(output))
        scope.producers[ExactText(output)] = first + index
      }
    }
    nodes += found
    places += Array(repeating: scopes.count, count: found.count)
    states += Array(repeating: .raw, count: found.count)
    sizes += Array(repeating: 0, count: found.count)
    reads += Array(repeating: [], count: found.count)
    scopes.append(scope)
    return try found.indices.map { try resolved(first + $0) }
  }

  private mutating func resolved(_ index: Int) throws -> Node {
    switch states[index] {
    case .done: return nodes[index]
    case .busy:
      throw ZooError(.badData, "what a Gradient differentiates depends on its own result", at: nodes[index].label)
    case .raw: break
    }
    states[index] = .busy
    level += 1
    defer { level -= 1 }
    guard level <= Self.mostLevels else {
      throw ZooError(.badData, "Gradients of Gradients, more than \(Self.mostLevels) of them", at: nodes[index].label)
    }
    if nodes[index].isGradient {
      let function = try ZooError.locating(nodes[index].label) { try self.function(of: index) }
      nodes[index].attributes.removeAll { $0.value.kind == Attribute.Value.graph(function).kind }
      nodes[index].attributes.append(Attribute(gradientFunction, .graph(function)))
    } else if nodes[index].holdsGradient {
      for attribute in nodes[index].attributes.indices {
        guard case .graph(var graph) = nodes[index].attributes[attribute].value else { continue }
        try resolve(&graph, in: places[index])
        nodes[index].attributes[attribute].value = .graph(graph)
      }
    }
    (states[index], sizes[index], reads[index]) = (.done, nodes[index].size, nodes[index].namesRead)
    return nodes[index]
  }

  private mutating func function(of index: Int) throws -> Graph {
    let node = nodes[index]
    let scope = scopes[places[index]]
    let (fed, y) = try node.differentiatedNames()
    for name in fed + [y] where !scope.names.contains(ExactText(name)) {
      throw ZooError(
        .badData, "it differentiates by \"\(name)\", and no value of the graph is called so",
        advice: "let xs, zs and y name inputs, initializers, or outputs of nodes")
    }
    let given = Set(fed.map { ExactText($0) })
    let needed = try needed(for: y, given, scope)
    var function = Graph()
    function.inputs = fed.map { ValueInfo(name: $0) }
    function.outputs = [ValueInfo(name: y)]
    function.nodes = reached(from: fed, among: needed).sorted().map { place in
      // What is fed is not what a node of several outputs makes of it.
      var node = nodes[place]
      node.outputs = node.outputs.map { given.contains(ExactText($0)) ? "" : $0 }
      return node
    }
    return function
  }

  /// The nodes without which there is no `y`, behind what is given.
  private mutating func needed(for y: String, _ given: Set<ExactText>, _ scope: Scope) throws -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    var waiting = [ExactText(y)]
    while let name = waiting.popLast() {
      guard !given.contains(name), let producer = scope.producers[name], seen.insert(producer).inserted else {
        continue
      }
      _ = try resolved(producer)
      try spend(sizes[producer])
      found.append(producer)
      waiting += reads[producer]
    }
    return found
  }

  /// Those of `candidates` that read any of the names, or what one of them makes of it.
  private func reached(from names: [String], among candidates: [Int]) -> Set<Int> {
    var readers: [ExactText: [Int]] = [:]
    for place in candidates { for name in reads[place] { readers[name, default: []].append(place) } }
    var reached: Set<Int> = []
    var waiting = names
    while let name = waiting.popLast() {
      for reader in readers.removeValue(forKey: ExactText(name)) ?? [] where reached.insert(reader).inserted {
        waiting += nodes[reader].outputs
      }
    }
    return reached
  }

  private mutating func spend(_ count: Int) throws {
    room -= count
    guard room >= 0 else {
      throw ZooError(
        .unsupported, "what the model's Gradients differentiate comes to more than \(Self.mostNodes) nodes",
        advice: "let one Gradient name several tensors in xs")
    }
  }
}

extension Node {
  /// The values that a Gradient is given, those of `xs` first, and the one that it differentiates.
  fileprivate func differentiatedNames() throws -> (fed: [String], y: String) {
    guard attributes.allSatisfy(\.referenceName.isEmpty) else {
      throw ZooError(.unsupported, "its attributes are those of a function around it, where names mean nothing")
    }
    let inference = Inference(self, opset: 1, inputs: [])
    guard let xs = try inference.texts("xs"), !xs.isEmpty else { throw inference.invalid("attribute xs is missing") }
    guard let y = try inference.text("y") else { throw inference.invalid("attribute y is missing") }
    let fed = xs + (try inference.texts("zs") ?? [])
    try inference.require(
      fed.count == inputs.count, "xs and zs name \(fed.count) values, but there are \(inputs.count) inputs")
    try inference.require(!inputs.contains(""), "an input is left out")
    var seen: Set<ExactText> = []
    for name in fed {
      try inference.require(seen.insert(ExactText(name)).inserted, "xs and zs name \"\(name)\" twice")
    }
    return (fed, y)
  }

  /// How many nodes it is, those in its bodies among them.
  fileprivate var size: Int { 1 + subgraphs.reduce(0) { $0 + $1.nodes.reduce(0) { $0 + $1.size } } }

  /// The values of the graph around that the node reads, in its bodies too.
  package var namesRead: Set<ExactText> {
    subgraphs.reduce(into: Set(inputs.lazy.filter { !$0.isEmpty }.map { ExactText($0) })) {
      $0.formUnion($1.outerNames)
    }
  }
}

extension Graph {
  /// The values of graphs around this one that its nodes and outputs read.
  fileprivate var outerNames: Set<ExactText> {
    let given = Set(inputs.map { ExactText($0.name) } + initializers.map { ExactText($0.name) })
    var producers: [ExactText: Int] = [:]
    for (index, node) in nodes.enumerated() { for output in node.outputs { producers[ExactText(output)] = index } }
    var names = Set(outputs.map { ExactText($0.name) }.filter { producers[$0] == nil })
    for (index, node) in nodes.enumerated() {
      // What a node reads before it makes one of that name is another.
      names.formUnion(node.namesRead.filter { producers[$0] ?? index == index })
    }
    return names.subtracting(given)
  }
}
