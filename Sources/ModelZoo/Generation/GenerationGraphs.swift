import ZooPluginHost
import ZooRuntime

/// A graph that gives logits for whole sequences of tokens, rewritten for giving them token by token.
///
/// What does not depend on the tokens, and is read by what does, becomes the encoder: it runs once, so that the keys and
/// values of cross-attention are computed once. The rest becomes the step. In it every causal Attention whose keys come
/// from the tokens reads them from a cache of fixed capacity, into which TensorScatter writes the new ones in place
/// (ONNX operator set 24), and logits are computed for one token of each row, as log probabilities.
struct GenerationGraphs {
  /// A value that the encoder makes and the step reads.
  struct Context {
    var name: String
    /// Whether there is one for each sentence, along the first axis.
    var isByRow: Bool
  }

  /// Keys or values of one attention: (rows, capacity, width), or (rows, heads, capacity, size).
  struct Cache {
    /// The step's input, and its output, which is to have the same memory.
    var input, output: String
    var heads, size: Int
    var isFlat: Bool

    func shape(rows: Int, capacity: Int) -> [Int] {
      isFlat ? [rows, capacity, size] : [rows, heads, capacity, size]
    }
  }

  /// What the step's inputs and output are called, besides contexts and caches. The model's own names are in their
  /// internal forms there, so that none of them is one of these.
  enum Name {
    /// A value that is made for generating.
    static func made(_ role: String) -> String { InternalName.invented(role, of: "generation") }

    /// The place of each row's first new token: (rows), int64.
    static let first = made("first")
    /// First + number of new tokens: (rows), int64.
    static let valid = made("valid")
    /// The tokens whose successors are wanted, counted over all rows: (chosen), int64.
    static let chosen = made("chosen")
    /// (chosen, vocabulary), float32.
    static let logProbabilities = made("log_probabilities")
    /// The most probable successors: (chosen), int64.
    static let tokens = made("most_probable")
  }

  /// `nil` for a decoder alone.
  var encoder: ModelDefinition?
  var step: ModelDefinition
  var contexts: [Context] = []
  var caches: [Cache] = []
  /// The step's tokens and their positions: (rows, tokens).
  var tokens, positions: String
  /// The encoder's inputs: tokens and mask.
  var source: (tokens: String, mask: String?)?
  var vocabulary: Int

  /// Splits the graph of `model`.
  ///
  /// - Throws: `ZooError` (`unsupported`), which says what the graph lacks.
  init(_ model: ModelDefinition, registry: OperatorRegistry) throws {
    var split = try GraphSplit(model, registry: registry)
    try split.rewrite()
    self = split.result
  }

  /// The step, which gives only the most probable token of each place: for that, most logits need not be exact.
  var choice: ModelDefinition {
    var choice = step
    choice.graph.nodes = step.graph.nodes.map { node in
      guard node.outputs == [Name.logProbabilities] else { return node }
      return Node(
        "ArgMax", name: Name.tokens, inputs: node.inputs, outputs: [Name.tokens],
        attributes: [Attribute("axis", .int(-1)), Attribute("keepdims", .int(0))])
    }
    choice.graph.outputs = step.graph.outputs.map { output in
      output.name == Name.logProbabilities ? ValueInfo(name: Name.tokens) : output
    }
    return choice
  }

  init(step: ModelDefinition, tokens: String, positions: String, vocabulary: Int) {
    (self.step, self.tokens, self.positions, self.vocabulary) = (step, tokens, positions, vocabulary)
  }
}

/// The rewriting of one model.
private struct GraphSplit {
  private let model: ModelDefinition
  private let graph: Graph
  private let logits: String
  /// Types and shapes for rows of different number, to see which values there is one of for each.
  private let types, others: [String: (type: ElementType, shape: [Int])]
  private let constants: Set<String>
  private var producers: [String: Int] = [:]
  /// Nodes that depend on the tokens, and those that depend on any input.
  private var dependent: Set<Int> = []
  private var variable: Set<Int> = []
  private(set) var result: GenerationGraphs

  private static let rows = (2, 3)
  private static let (sourceLength, targetLength) = (5, 7)

  init(_ file: ModelDefinition, registry: OperatorRegistry) throws {
    let model = file.withInternalNames
    self.model = model
    graph = model.graph
    let inputs = model.requiredInputs.map(\.name)
    let isPair = inputs.contains("decoder_input_ids")
    let names = isPair ? ["decoder_input_ids", "decoder_position_ids"] : ["input_ids", "position_ids"]
    for name in names where !inputs.contains(name) {
      throw Self.unsupported("the graph has no input \"\(name)\"", "its inputs are \(inputs.joined(separator: ", "))")
    }
    let rest = inputs.filter { !names.contains($0) }
    guard
      isPair
        ? rest.contains("input_ids") && rest.allSatisfy({ ["input_ids", "attention_mask"].contains($0) })
        : rest.isEmpty
    else {
      throw Self.unsupported(
        "the graph has other inputs than tokens, positions and mask", "its inputs are \(inputs.joined(separator: ", "))"
      )
    }
    guard let output = graph.outputs.first else { throw Self.unsupported("the graph has no outputs") }
    logits = (graph.outputs.first { $0.name == "logits" } ?? output).name

    func inferred(rows: Int) throws -> [String: (type: ElementType, shape: [Int])] {
      var shapes = Dictionary(uniqueKeysWithValues: rest.map { ($0, [rows, Self.sourceLength]) })
      for name in names { shapes[name] = [rows, Self.targetLength] }
      return try inferredTypes(of: model, shapes: shapes, registry: registry)
    }
    types = try inferred(rows: Self.rows.0)
    others = try inferred(rows: Self.rows.1)
    guard let shape = types[logits]?.shape, shape.count == 3, shape[0] == Self.rows.0, shape[1] == Self.targetLength,
      types[logits]?.type == .float32, shape[2] > 0
    else { throw Self.unsupported("the output \"\(logits)\" is no logits of shape (rows, tokens, vocabulary)") }
    constants = Set(graph.initializers.map(\.name))
    result = GenerationGraphs(step: model, tokens: names[0], positions: names[1], vocabulary: shape[2])
    if isPair { result.source = ("input_ids", rest.contains("attention_mask") ? "attention_mask" : nil) }

    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    (dependent, variable) = (dependents(of: names), dependents(of: inputs))
  }

  private static func unsupported(_ message: String, _ advice: String? = nil) -> ZooError {
    ZooError(.unsupported, "the model can't generate: \(message)", advice: advice)
  }

  /// The nodes that depend on any of the inputs `names`.
  private func dependents(of names: [String]) -> Set<Int> {
    var readers: [String: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for input in node.inputs where !input.isEmpty { readers[input, default: []].append(index) }
    }
    var found: Set<Int> = []
    // Nodes need not be in order.
    var waiting = names
    while let value = waiting.popLast() {
      for index in readers[value] ?? [] where found.insert(index).inserted { waiting += graph.nodes[index].outputs }
    }
    return found
  }

  mutating func rewrite() throws {
    var needed: Set<Int> = []
    var contexts: Set<String> = []
    var waiting = [logits]
    while let value = waiting.popLast() {
      guard let index = producers[value], !needed.contains(index) else { continue }
      guard dependent.contains(index) || !variable.contains(index) else {
        contexts.insert(value)
        continue
      }
      needed.insert(index)
      waiting += graph.nodes[index].inputs.filter { !$0.isEmpty }
    }
    var nodes = graph.nodes.indices.filter(needed.contains).map { graph.nodes[$0] }
    var step = Graph()
    step.name = graph.name
    try addCaches(&nodes, &step)
    try chooseTokens(&nodes, &step)
    step.nodes = nodes
    let read = Set(nodes.flatMap(\.inputs))
    step.initializers += graph.initializers.filter { read.contains($0.name) }
    for name in [result.tokens, result.positions] where read.contains(name) {
      step.inputs.append(ValueInfo(name: name, elementType: .int64, shape: ["R", "T"]))
    }
    for name in contexts.sorted() {
      guard let known = types[name], let other = others[name] else {
        throw Self.unsupported("nothing is known of the value \"\(name)\"")
      }
      let isByRow = known.shape.first == Self.rows.0 && other.shape.first == Self.rows.1
      step.inputs.append(
        ValueInfo(
          name: name, elementType: known.type, shape: known.shape.map { _ in Dimension(.unknown) }))
      result.contexts.append(GenerationGraphs.Context(name: name, isByRow: isByRow))
    }
    result.step = definition(step)
    guard result.source != nil else { return }
    var encoder = Graph()
    encoder.name = graph.name
    var wanted: Set<Int> = []
    waiting = Array(contexts)
    while let value = waiting.popLast() {
      guard let index = producers[value], wanted.insert(index).inserted else { continue }
      waiting += graph.nodes[index].inputs.filter { !$0.isEmpty }
    }
    encoder.nodes = graph.nodes.indices.filter(wanted.contains).map { graph.nodes[$0] }
    let used = Set(encoder.nodes.flatMap(\.inputs))
    encoder.initializers = graph.initializers.filter { used.contains($0.name) }
    encoder.inputs = graph.inputs.filter { used.contains($0.name) && !constants.contains($0.name) }
    encoder.outputs = contexts.sorted().map { ValueInfo(name: $0) }
    result.encoder = definition(encoder)
  }

  private func definition(_ graph: Graph) -> ModelDefinition {
    var definition = model
    definition.graph = graph
    definition.metadata = ModelMetadata()
    // TensorScatter, and Attention over a part of its keys. What was there in version 23 is unchanged.
    for index in definition.operatorSets.indices where ["", "ai.onnx"].contains(definition.operatorSets[index].domain) {
      definition.operatorSets[index].version = max(24, definition.operatorSets[index].version)
    }
    return definition
  }

  // MARK: Caches

  /// Has every attention over the tokens read its keys and values from caches.
  private mutating func addCaches(_ nodes: inout [Node], _ step: inout Graph) throws {
    var rewritten: [Node] = []
    for var node in nodes {
      guard node.operatorType == "Attention", ["", "ai.onnx"].contains(node.domain), node.inputs.count > 2,
        dependsOnTokens(node.inputs[1])
      else {
        rewritten.append(node)
        continue
      }
      var isCausal = false
      if case .int(1)? = node[attribute: "is_causal"] { isCausal = true }
      guard isCausal, node.inputs.dropFirst(3).allSatisfy(\.isEmpty), node.outputs.dropFirst().allSatisfy(\.isEmpty),
        (model.version(ofDomain: "") ?? 0) >= 23
      else {
        throw Self.unsupported(
          "\(node.label) attends to the tokens, but not as a plain causal attention (is_causal=1, no mask)")
      }
      for position in [1, 2] {
        rewritten.append(try cache(&node, position, number: result.caches.count, &step))
      }
      node.inputs = Array(node.inputs.prefix(3)) + ["", "", "", GenerationGraphs.Name.valid]
      rewritten.append(node)
    }
    guard !result.caches.isEmpty else {
      throw Self.unsupported("the graph has no causal Attention (ONNX operator set 23) over its tokens")
    }
    for name in [GenerationGraphs.Name.first, GenerationGraphs.Name.valid] {
      step.inputs.append(ValueInfo(name: name, elementType: .int64, shape: ["R"]))
    }
    nodes = rewritten
  }

  private func dependsOnTokens(_ value: String) -> Bool { producers[value].map(dependent.contains) ?? false }

  /// The node that writes input `position` of `node` into a cache, which `node` reads from now on.
  private mutating func cache(
    _ node: inout Node, _ position: Int, number: Int, _ step: inout Graph
  ) throws -> Node {
    let new = node.inputs[position]
    guard let known = types[new], known.type == .float32, known.shape.count == 3 || known.shape.count == 4 else {
      throw Self.unsupported("keys and values of \(node.label) are not float32")
    }
    let (isFlat, size) = (known.shape.count == 3, known.shape[known.shape.count - 1])
    let names = (GenerationGraphs.Name.made("cache.\(number)"), GenerationGraphs.Name.made("cache.\(number).new"))
    let cache = GenerationGraphs.Cache(
      input: names.0, output: names.1, heads: isFlat ? 1 : known.shape[1], size: size, isFlat: isFlat)
    result.caches.append(cache)
    let extent = Dimension(.fixed(Int64(size)))
    let shape: [Dimension] = isFlat ? ["R", "C", extent] : ["R", Dimension(.fixed(Int64(cache.heads))), "C", extent]
    step.inputs.append(ValueInfo(name: cache.input, elementType: .float32, shape: shape))
    step.outputs.append(ValueInfo(name: cache.output))
    node.inputs[position] = cache.output
    return Node(
      "TensorScatter", name: names.1, inputs: [cache.input, new, GenerationGraphs.Name.first], outputs: [cache.output],
      attributes: [Attribute("axis", .int(-2))])
  }

  // MARK: Logits

  /// Has what follows the last layer computed for one token of each row: products with constants, their biases, and
  /// reshapes in between work on each token alone, so that the tokens can be chosen before them.
  private mutating func chooseTokens(_ nodes: inout [Node], _ step: inout Graph) throws {
    var tail: [Node] = []
    var value = logits
    let readers = Dictionary(nodes.flatMap { Set($0.inputs) }.map { ($0, 1) }, uniquingKeysWith: +)
    let makers = Dictionary(
      nodes.enumerated().compactMap { place, node in node.outputs.first.map { ($0, place) } },
      uniquingKeysWith: { first, _ in first })
    while let index = makers[value] {
      let (node, count) = (nodes[index], readers[value] ?? 0)
      guard node.outputs.count == 1, value == logits ? count == 0 : count <= 1, let main = tokenwise(node) else {
        break
      }
      tail.append(node)
      value = node.inputs[main]
    }
    tail.reverse()
    guard let width = types[value]?.shape.last, types[value]?.shape.count ?? 0 > 1 else {
      throw Self.unsupported("nothing is known of the value \"\(value)\"")
    }
    let gone = Set(tail.map(\.outputs))
    nodes.removeAll { gone.contains($0.outputs) }

    let (flat, chosen) = (GenerationGraphs.Name.made("tokens"), GenerationGraphs.Name.made("chosen_tokens"))
    let flatShape = GenerationGraphs.Name.made("flat")
    step.initializers.append(
      NamedTensor(
        name: flatShape, tensor: StoredTensor(try Tensor([-1, Int64(width)], shape: [2]))))
    step.inputs.append(ValueInfo(name: GenerationGraphs.Name.chosen, elementType: .int64, shape: ["N"]))
    nodes.append(Node("Reshape", name: flat, inputs: [value, flatShape], outputs: [flat]))
    nodes.append(
      Node("Gather", name: chosen, inputs: [flat, GenerationGraphs.Name.chosen], outputs: [chosen]))
    var current = chosen
    for var node in tail {
      let before = value
      value = node.outputs[0]
      guard !["Reshape", "Flatten"].contains(node.operatorType) else { continue }
      node.inputs = node.inputs.map { $0 == before ? current : $0 }
      current = InternalName.invented("generation", of: value)
      node.outputs = [current]
      nodes.append(node)
    }
    nodes.append(
      Node(
        "LogSoftmax", name: GenerationGraphs.Name.logProbabilities, inputs: [current],
        outputs: [GenerationGraphs.Name.logProbabilities], attributes: [Attribute("axis", .int(-1))]))
    step.outputs.append(ValueInfo(name: GenerationGraphs.Name.logProbabilities))
  }

  /// The input whose tokens `node` works on one by one; `nil` for a node that does not.
  private func tokenwise(_ node: Node) -> Int? {
    guard ["", "ai.onnx"].contains(node.domain), let first = node.inputs.first, let before = types[first]?.shape,
      let after = types[node.outputs[0]]?.shape, before.count > 1
    else { return nil }
    let areConstant = node.inputs.dropFirst().allSatisfy { $0.isEmpty || constants.contains($0) }
    switch node.operatorType {
    case "Reshape", "Flatten":
      // From (rows, tokens, width) to (rows · tokens, width) or back.
      return before.last == after.last && Set([before.count, after.count]) == [2, 3] ? 0 : nil
    case "MatMul": return areConstant && before.count == after.count ? 0 : nil
    case "Gemm":
      if case .int(1)? = node[attribute: "transA"] { return nil }
      return areConstant ? 0 : nil
    case "Add": return areConstant && before == after ? 0 : nil
    default: return nil
    }
  }
}
