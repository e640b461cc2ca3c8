import ZooCompiler
import ZooOperators
import ZooPluginHost
import ZooRuntime

/// A graph that gives logits for whole sequences of tokens, rewritten for giving them token by token.
///
/// What does not depend on the tokens, and is read by what does, becomes the encoder: it runs once, so that the keys and
/// values of cross-attention are computed once. The rest becomes the step. In it every causal Attention whose keys come
/// from the tokens reads them from a cache of fixed capacity, into which TensorScatter writes the new ones in place
/// (ONNX operator set 24), and logits are computed for one token of each row.
struct GenerationGraphs {
  /// A value that the encoder makes and the step reads.
  struct Context {
    var name: String
    /// Whether there is one for each sentence, along the first axis.
    var isByRow: Bool
  }

  /// Keys or values of one attention, or scales of such: (rows, capacity, width), or (rows, heads, capacity, size).
  struct Cache {
    /// The step's input, and its output, which is to have the same memory.
    var input, output: String
    var type: ElementType
    var heads, size: Int
    var isFlat: Bool

    /// Bytes that a token takes in one head.
    var rowByteCount: Int { type.byteCount(of: size) ?? 0 }

    func shape(rows: Int, capacity: Int) -> [Int] {
      isFlat ? [rows, capacity, size] : [rows, heads, capacity, size]
    }
  }

  /// What the step's inputs and output are called, besides tokens, positions, contexts and caches.
  enum Name {
    /// The place of each row's first new token: (rows), int64.
    static let first = "first"
    /// First + number of new tokens: (rows), int64.
    static let valid = "valid"
    /// The tokens whose successors are wanted, counted over all rows: (chosen), int64.
    static let chosen = "chosen"
    /// (chosen, vocabulary), float32.
    static let logits = "next_logits"
    /// (chosen, vocabulary), float32.
    static let logProbabilities = "log_probabilities"
    /// The most probable successors: (chosen), int64.
    static let tokens = "most_probable"
  }

  /// `nil` for a decoder alone.
  var encoder: ImportedModel?
  var step: ImportedModel
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
  init(_ model: ModelDefinition, registry: OperatorRegistry, cacheType: CacheType = .float32) throws {
    var split = try GraphSplit(model, registry: registry, cacheType)
    try split.rewrite()
    self = split.result
  }

  /// The step, which gives only the most probable token of each place: for that, most logits need not be exact.
  var choice: ImportedModel {
    var choice = step
    // Behind the caches.
    let rest = caches.count
    let tokens = choice.graph.append(
      "ArgMax", [step.graph.outputs[rest]], Name.tokens, [Attribute("axis", .int(-1)), Attribute("keepdims", .int(0))])
    choice.graph.setOutputs(choice.graph.outputs.prefix(rest) + [tokens])
    choice.outputs = choice.outputs.prefix(rest) + [ValueInfo(name: Name.tokens)]
    choice.graph.removeDeadCode()
    return choice
  }

  /// What makes log probabilities of logits, for those who ask.
  var normalization: ImportedModel {
    var result = step
    let logits = result.graph.addInput(ValueFacts(.tensor(.float32)), name: Name.logits)
    result.inputs.append(
      ValueInfo(name: Name.logits, elementType: .float32, shape: ["N", ShapeDimension(.fixed(Int64(vocabulary)))]))
    let output = result.graph.append("LogSoftmax", [logits], Name.logProbabilities, [Attribute("axis", .int(-1))])
    result.graph.setOutputs([output])
    result.outputs = [ValueInfo(name: Name.logProbabilities)]
    result.graph.removeDeadCode()
    result.dropUnreadInputs()
    return result
  }

  fileprivate init(step: ImportedModel, tokens: String, positions: String, vocabulary: Int) {
    (self.step, self.tokens, self.positions, self.vocabulary) = (step, tokens, positions, vocabulary)
  }
}

extension CompilerGraph {
  /// The output of a new node behind all others. Operator set 24 has TensorScatter, and Attention over a part of its keys.
  fileprivate mutating func append(
    _ type: String, _ inputs: [ValueID?], _ name: String, _ attributes: [Attribute] = [], before place: NodeID? = nil
  ) -> ValueID {
    let output = addValue(ValueFacts(nil), name: name)
    insert(
      CompilerNode(type, opset: 24, name: name, inputs: inputs, outputs: [output], attributes: attributes),
      before: place)
    return output
  }

  /// What depends on any of `values`, they included.
  fileprivate func dependents(of values: [ValueID]) -> Set<ValueID> {
    var found = Set(values)
    for id in nodes where self[id].operands.contains(where: { $0.map(found.contains) ?? false }) {
      found.formUnion(self[id].outputs.compactMap(\.self))
    }
    return found
  }
}

extension ImportedModel {
  /// Whether weights lie in blocks of a few bits, which a draft's would not be smaller than.
  var holdsBlocks: Bool { graph.nodes.contains { graph[$0].operatorType == "DequantizeBlocks" } }

  /// Leaves inputs that are read, and wanted.
  fileprivate mutating func dropUnreadInputs(_ isWanted: (ValueInfo) -> Bool = { _ in true }) {
    let rest = zip(inputs, graph.inputs).filter { isWanted($0) && graph.isRead($1) }
    (inputs, defaults) = (rest.map(\.0), [])
    graph.setInputs(rest.map(\.1))
  }
}

/// The rewriting of one model.
private struct GraphSplit {
  private let model: ImportedModel
  private let cacheType: CacheType
  /// The graph with what is known of its values.
  private let known: CompilerGraph
  private let logits: ValueID
  /// What depends on the tokens, and what does on any input.
  private let dependent, variable: Set<ValueID>
  private var step: ImportedModel {
    _read { yield result.step }
    _modify { yield &result.step }
  }
  private(set) var result: GenerationGraphs

  private static let (rows, sourceLength, targetLength) = (
    Dim.symbol("rows"), Dim.symbol("source"), Dim.symbol("target")
  )

  init(_ definition: ModelDefinition, registry: OperatorRegistry, _ cacheType: CacheType) throws {
    self.cacheType = cacheType
    model = try ImportedModel.reading(definition)
    let inputs = model.inputs.map(\.name)
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
    let output = model.outputs.firstIndex { $0.name == "logits" } ?? 0
    logits = model.graph.outputs[output]
    var graph = model.graph
    for (name, value) in zip(inputs, graph.inputs) {
      graph[value].facts.shape = [Self.rows, names.contains(name) ? Self.targetLength : Self.sourceLength]
    }
    known = try graph.inferred(by: registry)
    let facts = known[logits].facts
    guard let shape = facts.shape, shape.count == 3, shape[0] == Self.rows, shape[1] == Self.targetLength,
      facts.elementType == .float32, let vocabulary = shape[2].number, vocabulary > 0
    else {
      throw Self.unsupported(
        "the output \"\(model.outputs[output].name)\" is no logits of shape (rows, tokens, vocabulary)")
    }
    dependent = graph.dependents(of: zip(inputs, graph.inputs).filter { names.contains($0.0) }.map(\.1))
    variable = graph.dependents(of: graph.inputs)
    result = GenerationGraphs(step: model, tokens: names[0], positions: names[1], vocabulary: vocabulary)
    if isPair { result.source = ("input_ids", rest.contains("attention_mask") ? "attention_mask" : nil) }
  }

  private static func unsupported(_ message: String, _ advice: String? = nil) -> ZooError {
    ZooError(.unsupported, "the model can't generate: \(message)", advice: advice)
  }

  mutating func rewrite() throws {
    step.graph.setOutputs([logits])
    step.graph.removeDeadCode()
    let names = [result.tokens, result.positions]
    step.dropUnreadInputs { names.contains($0.name) }
    step.inputs = step.inputs.map { ValueInfo(name: $0.name, elementType: .int64, shape: ["R", "T"]) }
    step.outputs = []
    let contexts = try addContexts()
    let written = try addCaches()
    let logits = try chooseTokens()
    step.graph.setOutputs(written + [logits])
    step.outputs.append(ValueInfo(name: GenerationGraphs.Name.logits))
    step.graph.removeDeadCode()
    guard result.source != nil else { return }
    var encoder = model
    encoder.graph.setOutputs(contexts)
    encoder.graph.removeDeadCode()
    encoder.outputs = result.contexts.map { ValueInfo(name: $0.name) }
    encoder.dropUnreadInputs()
    result.encoder = encoder
  }

  private mutating func addInput(_ name: String, _ type: ElementType, _ shape: [ShapeDimension]) -> ValueID {
    step.inputs.append(ValueInfo(name: name, elementType: type, shape: shape))
    return step.graph.addInput(ValueFacts(.tensor(type)), name: name)
  }

  /// Makes inputs of what depends on other inputs than the tokens and is read by what depends on these, which is returned.
  private mutating func addContexts() throws -> [ValueID] {
    var contexts: [ValueID] = []
    for id in step.graph.nodes where step.graph[id].outputs.contains(where: { $0.map(dependent.contains) ?? false }) {
      for case let value? in step.graph[id].operands
      where variable.contains(value) && !dependent.contains(value) && !contexts.contains(value) {
        contexts.append(value)
      }
    }
    for (number, value) in contexts.enumerated() {
      guard let type = known[value].facts.elementType, let shape = known[value].facts.shape else {
        throw Self.unsupported("nothing is known of the value \"\(known[value].name)\"")
      }
      let name = "context.\(number)"
      step.graph.redirect(value, to: addInput(name, type, shape.map { _ in ShapeDimension(.unknown) }))
      result.contexts.append(GenerationGraphs.Context(name: name, isByRow: shape.first == Self.rows))
    }
    step.graph.removeDeadCode()
    return contexts
  }

  // MARK: Caches

  /// Has every attention over the tokens read its keys and values from caches.
  ///
  /// - Returns: What is written into these.
  private mutating func addCaches() throws -> [ValueID] {
    let first = addInput(GenerationGraphs.Name.first, .int64, ["R"])
    let valid = addInput(GenerationGraphs.Name.valid, .int64, ["R"])
    var written: [ValueID] = []
    for id in Array(step.graph.nodes) {
      let node = step.graph[id]
      guard node.isOperator("Attention"), node.inputs.count > 2, let keys = node.inputs[1], dependent.contains(keys),
        let values = node.inputs[2]
      else { continue }
      var isCausal = false
      if case .int(1)? = node[attribute: "is_causal"] { isCausal = true }
      guard isCausal, node.inputs.count == 3, node.outputs.dropFirst().allSatisfy({ $0 == nil }), node.opset >= 23
      else {
        throw Self.unsupported(
          "\(node.label) attends to the tokens, but not as a plain causal attention (is_causal=1, no mask)")
      }
      let read = try [keys, values].map { try kept($0, of: node, from: first, before: id, &written) }
      step.graph.update(id) { attention in
        attention.inputs = [attention.inputs[0]] + read + [nil, nil, nil, valid]
        attention.opset = max(24, attention.opset)
      }
    }
    guard !result.caches.isEmpty else {
      throw Self.unsupported("the graph has no causal Attention (ONNX operator set 23) over its tokens")
    }
    return written
  }

  /// Writes the keys or values `new` of `node` into a cache before it.
  ///
  /// - Returns: What is read from there.
  private mutating func kept(
    _ new: ValueID, of node: CompilerNode, from first: ValueID, before place: NodeID, _ written: inout [ValueID]
  ) throws -> ValueID {
    let facts = known[new].facts
    guard facts.elementType == .float32, let shape = facts.shape, [3, 4].contains(shape.count),
      let size = shape[shape.count - 1].number, let heads = shape.count == 3 ? 1 : shape[1].number
    else { throw Self.unsupported("keys and values of \(node.label) are not float32") }
    let name = "cache.\(result.caches.count)"
    var cache = GenerationGraphs.Cache(
      input: name, output: name + ".new", type: cacheType.elementType, heads: heads, size: size,
      isFlat: shape.count == 3)
    switch cacheType {
    case .float32: return write(new, to: cache, from: first, before: place, &written)
    case .float16:
      let halves = step.graph.append("Cast", [new], name, .to(.float16), before: place)
      let all = write(halves, to: cache, from: first, before: place, &written)
      return step.graph.append("Cast", [all], name, .to(.float32), before: place)
    case .int8:
      let block = CacheType.block(of: size / (cache.isFlat ? node.int("kv_num_heads") ?? 1 : 1))
      let attributes = [
        Attribute("axis", .int(-1)), Attribute("block_size", .int(Int64(block))),
        Attribute("output_dtype", .int(Int64(ElementType.int8.rawValue))),
      ]
      let scales = try scales(of: new, rank: shape.count, blocks: size / block, block, name, before: place)
      let bytes = step.graph.append("QuantizeLinear", [new, scales], name, attributes, before: place)
      let allBytes = write(bytes, to: cache, from: first, before: place, &written)
      (cache.input, cache.output, cache.type, cache.size) = (
        name + ".scales", name + ".scales.new", .float32, size / block
      )
      let allScales = write(scales, to: cache, from: first, before: place, &written)
      return step.graph.append(
        "DequantizeLinear", [allBytes, allScales], name, Array(attributes.prefix(2)), before: place)
    }
  }

  /// The scales of `blocks` times `block` numbers along the last axis, the largest of which become 127.
  private mutating func scales(
    of value: ValueID, rank: Int, blocks: Int, _ block: Int, _ name: String, before place: NodeID
  ) throws -> ValueID {
    let shape = Array(repeating: Int64(0), count: rank - 1) + [Int64(blocks), Int64(block)]
    func constant(_ tensor: Tensor) -> ValueID { step.graph.addConstant(StoredTensor(tensor), name: name) }
    func node(_ type: String, _ inputs: ValueID..., attributes: [Attribute] = []) -> ValueID {
      step.graph.append(type, inputs, name, attributes, before: place)
    }
    let magnitudes = node("Reshape", node("Abs", value), constant(try Tensor(shape, shape: [shape.count])))
    let largest = node(
      "ReduceMax", magnitudes, constant(try Tensor([Int64(-1)], shape: [1])),
      attributes: [Attribute("keepdims", .int(0))])
    // Zeros have a scale, too.
    let some = node("Max", largest, constant(try Tensor([Float(1e-30)], shape: [])))
    return node("Mul", some, constant(try Tensor([Float(1) / 127], shape: [])))
  }

  private mutating func write(
    _ new: ValueID, to cache: GenerationGraphs.Cache, from first: ValueID, before place: NodeID,
    _ written: inout [ValueID]
  ) -> ValueID {
    result.caches.append(cache)
    let extents = [cache.heads, cache.size].map { ShapeDimension(.fixed(Int64($0))) }
    let input = addInput(
      cache.input, cache.type, cache.isFlat ? ["R", "C", extents[1]] : ["R", extents[0], "C", extents[1]])
    step.outputs.append(ValueInfo(name: cache.output))
    written.append(
      step.graph.append(
        "TensorScatter", [input, new, first], cache.output, [Attribute("axis", .int(-2))], before: place))
    return written[written.count - 1]
  }

  // MARK: Logits

  /// Has what follows the last layer computed for one token of each row: products with constants, their biases, and
  /// reshapes in between work on each token alone, so that the tokens can be chosen before them.
  ///
  /// - Returns: The logits.
  private mutating func chooseTokens() throws -> ValueID {
    var tail: [CompilerNode] = []
    var value = logits
    while let producer = step.graph[value].producer,
      value == logits ? step.graph[value].readers.isEmpty : step.graph.onlyReader(of: value) != nil
    {
      let node = step.graph[producer]
      guard node.outputs.count == 1, isTokenwise(node), let input = node.inputs[0] else { break }
      tail.append(node)
      value = input
    }
    guard let shape = known[value].facts.shape, shape.count > 1, let width = shape.last?.number else {
      throw Self.unsupported("nothing is known of the value \"\(known[value].name)\"")
    }
    let chosen = addInput(GenerationGraphs.Name.chosen, .int64, ["N"])
    let flat = step.graph.addConstant(StoredTensor(try Tensor([-1, Int64(width)], shape: [2])), name: "flat")
    var current = step.graph.append("Reshape", [value, flat], "flat_tokens")
    current = step.graph.append("Gather", [current, chosen], "chosen_tokens")
    for var node in tail.reversed() where !["Reshape", "Flatten"].contains(node.operatorType) {
      node.inputs[0] = current
      current = step.graph.addValue(ValueFacts(nil), name: node.name)
      node.outputs = [current]
      step.graph.insert(node)
    }
    return current
  }

  /// Whether `node` works on the tokens of its first input one by one.
  private func isTokenwise(_ node: CompilerNode) -> Bool {
    guard node.domain.isEmpty, let first = node.inputs.first ?? nil, let output = node.outputs[0],
      let before = known[first].facts.shape, let after = known[output].facts.shape, before.count > 1
    else { return false }
    let areConstant = node.inputs.dropFirst().allSatisfy { $0.map { known[$0].constant != nil } ?? true }
    switch node.operatorType {
    case "Reshape", "Flatten":
      // From (rows, tokens, width) to (rows · tokens, width) or back.
      return before.last == after.last && Set([before.count, after.count]) == [2, 3]
    case "MatMul": return areConstant && before.count == after.count
    case "Gemm":
      if case .int(1)? = node[attribute: "transA"] { return false }
      return areConstant
    case "Add", "Mul", "Div": return areConstant && before == after
    case "Tanh": return true
    default: return false
    }
  }
}

extension [Attribute] {
  /// A Cast's.
  fileprivate static func to(_ type: ElementType) -> [Attribute] { [Attribute("to", .int(Int64(type.rawValue)))] }
}
