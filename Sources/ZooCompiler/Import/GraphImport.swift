import ZooCore
import ZooOperators

/// Turns a model's graph into the compiler's: names become numbers, calls of the model's functions their bodies (ONNX IR
/// specification, "Functions"), Constant nodes constants, and graphs in attributes bodies of their nodes.
///
/// This is the border: behind it nothing depends on what a file calls a value.
struct GraphImport {
  private let model: ModelDefinition
  /// Inputs with a default value that callers give all the same.
  private let given: Set<ExactText>
  private let functions: FunctionTable
  private var frames: [Frame] = []
  private var budget = ImportBudget()

  /// A graph that is being built, with the names that are known in it. A function's body has names of its own.
  private struct Frame {
    var graph = CompilerGraph()
    var scopes: [Scope] = [Scope()]
    /// Values of the graph around it that it reads, in the order of its last inputs.
    var captures: [ValueID] = []
  }

  private struct Scope {
    var values: [ExactText: ValueID] = [:]
    var attributes: [ExactText: Attribute.Value] = [:]
    /// What is put in front of names, for people.
    var label = ""
    var versions: OperatorVersions
    /// Of a function's body: it sees nothing outside.
    var isFunction = false

    init(versions: OperatorVersions = OperatorVersions()) { self.versions = versions }
  }

  /// - Parameter given: Inputs with a default value that are to be inputs.
  init(_ model: ModelDefinition, given: Set<ExactText>) throws {
    let model = try model.withGradientFunctions()
    (self.model, self.given) = (model, given)
    functions = try FunctionTable(model)
  }

  /// - Throws: `ZooError` (`badData`) for a damaged graph.
  mutating func run() throws -> ImportedModel {
    frames = [Frame(scopes: [Scope(versions: OperatorVersions().merging(model.operatorSets))])]
    var inputs: [ValueInfo] = []
    var defaults: [ValueInfo] = []
    let constants = Set(model.graph.initializers.map { ExactText($0.name) })
    for input in model.graph.inputs {
      guard !input.name.isEmpty else { throw ZooError(.badData, "an input of the graph has no name") }
      if constants.contains(ExactText(input.name)) {
        if !defaults.contains(where: { ExactText($0.name) == ExactText(input.name) }) { defaults.append(input) }
        if !given.contains(ExactText(input.name)) { continue }
      }
      let value = frames[0].graph.addInput(ValueFacts(input), name: input.name)
      try define(input.name, value, by: "an input")
      inputs.append(input)
    }
    try addInitializers(model.graph, except: given)
    try add(model.graph.nodes)
    var outputs: [ValueInfo] = []
    for output in model.graph.outputs
    where !outputs.contains(where: { ExactText($0.name) == ExactText(output.name) }) {
      guard let value = find(output.name) else {
        throw ZooError(.badData, "the graph's output \"\(output.name)\" is made by nothing")
      }
      frames[0].graph.addOutput(value)
      outputs.append(output)
    }
    for info in model.graph.values + outputs {
      guard let value = frames[0].scopes[0].values[ExactText(info.name)], frames[0].graph[value].producer != nil
      else { continue }
      frames[0].graph[value].declared = DeclaredTensor(info)
    }
    guard !outputs.isEmpty else { throw ZooError(.badData, "the graph has no outputs") }
    return ImportedModel(
      graph: frames[0].graph, name: model.metadata.location ?? (model.graph.name.isEmpty ? nil : model.graph.name),
      inputs: inputs, outputs: outputs, defaults: defaults, values: frames[0].scopes[0].values)
  }

  // MARK: Names

  /// The innermost graph.
  private var frame: Frame {
    _read { yield frames[frames.count - 1] }
    _modify { yield &frames[frames.count - 1] }
  }

  private var scope: Scope {
    _read { yield frame.scopes[frame.scopes.count - 1] }
    _modify { yield &frame.scopes[frame.scopes.count - 1] }
  }

  private mutating func define(_ name: String, _ value: ValueID, by producer: String) throws {
    guard scope.values.updateValue(value, forKey: ExactText(name)) == nil else {
      throw ZooError(.badData, "the value \"\(name)\" is defined twice, the second time by \(producer)")
    }
  }

  /// The value of a name in the innermost graph. One of a graph around becomes an input of those inside.
  private mutating func find(_ name: String) -> ValueID? { find(ExactText(name), in: frames.count - 1) }

  private mutating func find(_ name: ExactText, in frame: Int) -> ValueID? {
    let place = frames[frame].scopes.count - 1
    if let value = frames[frame].scopes[place].values[name] { return value }
    guard frame > 0, !frames[frame].scopes[place].isFunction, let outer = find(name, in: frame - 1) else { return nil }
    let known = frames[frame - 1].graph[outer]
    let value =
      if let constant = known.constant {
        frames[frame].graph.addConstant(constant, name: known.name)
      } else {
        frames[frame].graph.addInput(known.facts, name: known.name)
      }
    if known.constant == nil { frames[frame].captures.append(outer) }
    frames[frame].scopes[place].values[name] = value
    return value
  }

  // MARK: Nodes

  private mutating func addInitializers(_ graph: Graph, except given: Set<ExactText> = []) throws {
    for initializer in graph.initializers where !given.contains(ExactText(initializer.name)) {
      let constant = try initializer.tensor.loadedIfSmall(initializer.name)
      let value = frame.graph.addConstant(constant, name: initializer.name)
      try define(initializer.name, value, by: "an initializer")
    }
  }

  private mutating func add(_ nodes: [Node]) throws {
    for node in try sorted(nodes) { try add(node) }
  }

  private mutating func add(_ node: Node) throws {
    try budget.countNode()
    let domain = node.domain == "ai.onnx" ? "" : node.domain
    if let function = functions[node] { return try call(function, node) }
    if domain.isEmpty, node.operatorType == "Constant", node.outputs.count == 1, let tensor = node.constantTensor {
      let constant = try tensor.loadedIfSmall(node.outputs[0])
      let value = frame.graph.addConstant(constant, name: scope.label + node.outputs[0])
      return try define(node.outputs[0], value, by: node.label)
    }
    guard domain != internalDomain else {
      throw ZooError(
        .badData, "operators of the domain \(internalDomain) are the compiler's own, and no model can hold them",
        at: node.label, advice: "export the model with ONNX's operators, or give the operator another domain")
    }
    let name = node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? "" : node.name
    var made = CompilerNode(
      node.operatorType, domain: domain, opset: try scope.versions.version(of: domain, for: node),
      name: try budget.name(scope.label, name), inputs: try node.inputs.map { try read($0, node) }, outputs: [])
    for attribute in node.attributes {
      guard let attribute = resolved(attribute) else { continue }
      switch attribute.value {
      case .graph(let graph): made.bodies.append(try body(graph, attribute.name, node))
      case .graphs(let graphs) where !graphs.isEmpty:
        guard made.declaration == nil else {
          throw ZooError(.badData, "the attribute \(attribute.name) holds a list of graphs", at: node.label)
        }
        for graph in graphs {
          made.bodies.append(try body(graph, attribute.name, node))
          made.bodies[made.bodies.count - 1].isListed = true
        }
      default: made.attributes.append(attribute)
      }
    }
    for (index, output) in node.outputs.enumerated() {
      guard !output.isEmpty else {
        // Kernels make the first one in any case.
        made.outputs.append(index == 0 ? frame.graph.addValue(ValueFacts(nil), name: made.name) : nil)
        continue
      }
      let value = frame.graph.addValue(ValueFacts(nil), name: try budget.name(scope.label, output))
      try define(output, value, by: node.label)
      made.outputs.append(value)
    }
    frame.graph.insert(made)
  }

  private mutating func read(_ name: String, _ node: Node) throws -> ValueID? {
    if name.isEmpty { return nil }
    guard let value = find(name) else {
      throw ZooError(
        .badData, "the input \"\(name)\" is made by no node, input or initializer before it", at: node.label)
    }
    return value
  }

  /// An attribute as the call of the function around gives it; `nil` where it gives none.
  private func resolved(_ attribute: Attribute) -> Attribute? {
    guard !attribute.referenceName.isEmpty else { return attribute }
    return scope.attributes[ExactText(attribute.referenceName)].map { Attribute(attribute.name, $0) }
  }

  // MARK: Bodies and functions

  private mutating func body(_ graph: Graph, _ attribute: String, _ node: Node) throws -> Body {
    try budget.enter(node)
    defer { budget.leave() }
    var inner = Scope(versions: scope.versions)
    (inner.label, inner.attributes) = (scope.label, scope.attributes)
    frames.append(Frame(scopes: [inner]))
    for input in graph.inputs {
      let value = frame.graph.addInput(ValueFacts(input), name: scope.label + input.name)
      try define(input.name, value, by: "an input of a body")
    }
    try addInitializers(graph)
    try add(graph.nodes)
    for output in graph.outputs {
      guard let value = find(output.name) else {
        throw ZooError(
          .badData, "the output \"\(output.name)\" of \(attribute) is made by nothing", at: node.label)
      }
      frame.graph.addOutput(value)
    }
    let done = frames.removeLast()
    return Body(
      name: attribute, graph: done.graph, ownInputCount: graph.inputs.count, captures: done.captures)
  }

  /// Puts the function's body in the place of its call.
  private mutating func call(_ function: Function, _ node: Node) throws {
    try budget.enter(node)
    defer { budget.leave() }
    var inner = Scope(versions: scope.versions.merging(function.operatorSets))
    inner.isFunction = true
    inner.label = try budget.callLabel(scope.label, node.name.isEmpty ? function.name : node.name)
    for (index, input) in function.inputs.enumerated() where index < node.inputs.count {
      inner.values[ExactText(input)] = try read(node.inputs[index], node)
    }
    for attribute in function.attributeDefaults { inner.attributes[ExactText(attribute.name)] = attribute.value }
    for attribute in node.attributes.compactMap(resolved) {
      inner.attributes[ExactText(attribute.name)] = attribute.value
    }
    frame.scopes.append(inner)
    // What a call leaves out is left out in the body.
    let absent = Set(function.inputs.map { ExactText($0) }).subtracting(inner.values.keys)
    try add(function.nodes.map { $0.leavingOut(absent) })
    let results = function.outputs.map { find($0) }
    frame.scopes.removeLast()
    for (name, value) in zip(node.outputs, results) where !name.isEmpty {
      guard let value else {
        throw ZooError(.badData, "the function \(function.name) does not make its output", at: node.label)
      }
      try define(name, value, by: node.label)
    }
  }
}

extension Node {
  /// The node without inputs that are `absent`.
  fileprivate func leavingOut(_ absent: Set<ExactText>) -> Node {
    guard !absent.isEmpty else { return self }
    var node = self
    node.inputs = inputs.map { absent.contains(ExactText($0)) ? "" : $0 }
    return node
  }
}

extension ValueFacts {
  /// What a file says of a value; an extent that it names is not known before callers give a tensor.
  init(_ info: ValueInfo) {
    self.init(info.type.flatMap(ValueKind.init))
  }
}

/// The domain of operators that only passes make nodes of. Their kernels rely on what a pass knows, such as the layout of
/// what they write, so that no model may hold them. What is open to models has domains of its own, such as `zoo.vision`.
package let internalDomain = "zoo"

/// A model's graph behind the border.
package struct ImportedModel: Sendable {
  /// Reads the graph of `model`.
  ///
  /// - Parameter given: Inputs with a default value that callers give all the same.
  /// - Throws: `ZooError` (`badData`) for a damaged graph.
  package static func reading(_ model: ModelDefinition, given: Set<ExactText> = []) throws -> ImportedModel {
    var importer = try GraphImport(model, given: given)
    return try importer.run()
  }

  package var graph: CompilerGraph
  /// What errors call the model.
  package var name: String?
  /// What callers give, in the order of the graph's inputs.
  package var inputs: [ValueInfo]
  /// What callers get, each name once, in the order of the graph's outputs.
  package var outputs: [ValueInfo]
  /// Inputs that callers may leave out.
  package var defaults: [ValueInfo]
  /// The values that the file names, those of bodies and functions left out.
  package var values: [ExactText: ValueID]
}
