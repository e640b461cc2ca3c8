import Tokenizers
import ZooPlatform
import ZooRuntime

/// How probable a model that continues texts finds each token after those before it: for measuring it.
///
/// Not for more than one thread at a time.
package final class TokenScorer {
  /// The tokens of the text alone, and what the model's tokenizer puts before every text.
  package struct Text: Sendable {
    package var tokens: [Int]
    package var beginning: [Int]
  }

  private let programs: GenerationPrograms
  private let tokenizer: Tokenizer
  private let capacity: Int
  private let caches: [TensorMemory]
  private var bound: [Form: Bound] = [:]
  private var length = 0

  /// How many tokens a run takes, and after how many of them it tells what comes next.
  private struct Form: Hashable {
    var newCount, toldCount: Int
  }

  private struct Bound {
    var run: BoundRun
    /// From logits to their log probabilities.
    var normalization: BoundRun
    var tokens, positions, first, valid, chosen, result: TensorMemory
  }

  package var vocabulary: Int { programs.graphs.vocabulary }

  /// - Parameter capacity: The most tokens of a text.
  /// - Throws: `ZooError`: `usage` for a model that continues no texts, or not so long ones; `badData` for one without a
  ///   tokenizer.
  package init(_ model: Model, capacity: Int) throws {
    guard model.metadata.task == .textGeneration, let settings = model.metadata.generation else {
      throw ZooError(.usage, "the model continues no texts", at: model.metadata.location)
    }
    guard let json = model.metadata.tokenizer else {
      throw ZooError(.badData, "the model has no tokenizer", at: model.metadata.location)
    }
    guard capacity > 0, capacity <= settings.maximumLength else {
      throw ZooError(
        .usage, "the model takes texts of 1 to \(settings.maximumLength) tokens, not of \(capacity)",
        at: model.metadata.location)
    }
    tokenizer = try Tokenizer(json: json)
    programs = try GenerationPrograms(model.definition, registry: model.registry, options: model.compiled.options)
    self.capacity = capacity
    caches = try programs.graphs.caches.map { cache in
      let shape = cache.shape(rows: 1, capacity: capacity)
      let memory = try TensorMemory(byteCount: Tensor.byteCount(type: .float32, shape: shape))
      // What nobody sees is still multiplied by zero.
      memory.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0)
      return memory
    }
  }

  /// The tokens of `text`, in which names of special tokens are text like any other.
  ///
  /// - Throws: `ZooError` (`badData`) for a text that the tokenizer can't take, or whose tokens the network lacks.
  package func tokens(of text: String) throws -> Text {
    let (whole, part) = (try tokenizer.encode("a"), try tokenizer.encode("a", addingSpecialTokens: false))
    let place = whole.indices.first { whole[$0...].starts(with: part) } ?? 0
    let found = try tokenizer.encode(text, addingSpecialTokens: false, parsingSpecialTokens: false).map(Int.init)
    let result = Text(tokens: found, beginning: whole[..<place].map(Int.init))
    if let strange = (result.tokens + result.beginning).first(where: { !(0..<vocabulary).contains($0) }) {
      throw ZooError(.badData, "the tokenizer gives token \(strange), which the network does not have")
    }
    return result
  }

  /// Forgets all tokens.
  package func restart() { length = 0 }

  /// Appends `tokens` without looking at what follows them.
  package func append(_ tokens: some Collection<Int>) throws {
    guard !tokens.isEmpty else { return }
    _ = try run(Array(tokens), toldCount: 1)
  }

  /// Appends `tokens` and computes the logarithms of the probabilities of what comes after each of them: `vocabulary`
  /// numbers a token, which the next call overwrites.
  package func logProbabilities(after tokens: some Collection<Int>) throws -> UnsafeBufferPointer<Float> {
    try run(Array(tokens), toldCount: tokens.count)
  }

  private func run(_ new: [Int], toldCount: Int) throws -> UnsafeBufferPointer<Float> {
    guard length + new.count <= capacity else { throw ZooError(.defect, "a text is longer than \(capacity) tokens") }
    let bound = try prepared(Form(newCount: new.count, toldCount: toldCount))
    func integers(_ memory: TensorMemory) -> UnsafeMutableBufferPointer<Int64> {
      memory.mutableBytes.bindMemory(to: Int64.self)
    }
    for (place, token) in new.enumerated() {
      integers(bound.tokens)[place] = Int64(token)
      integers(bound.positions)[place] = Int64(length + place)
    }
    for told in 0..<toldCount { integers(bound.chosen)[told] = Int64(new.count - toldCount + told) }
    integers(bound.first)[0] = Int64(length)
    length += new.count
    integers(bound.valid)[0] = Int64(length)
    try bound.run.run()
    try bound.normalization.run()
    return UnsafeBufferPointer(bound.result.mutableBytes.bindMemory(to: Float.self))
  }

  /// The step in `form`, made ready when it is first needed.
  private func prepared(_ form: Form) throws -> Bound {
    if let known = bound[form] { return known }
    let graphs = programs.graphs
    var inputs: [String: Tensor] = [:]
    func integers(_ name: String, _ shape: [Int]) throws -> TensorMemory {
      let memory = try TensorMemory(byteCount: Tensor.byteCount(type: .int64, shape: shape))
      inputs[name] = try Tensor(type: .int64, shape: shape, memory: memory)
      return memory
    }
    let tokens = try integers(graphs.tokens, [1, form.newCount])
    let positions = try integers(graphs.positions, [1, form.newCount])
    let (first, valid) = (
      try integers(GenerationGraphs.Name.first, [1]), try integers(GenerationGraphs.Name.valid, [1])
    )
    let chosen = try integers(GenerationGraphs.Name.chosen, [form.toldCount])
    let table = [form.toldCount, vocabulary]
    let logits = try TensorMemory(byteCount: Tensor.byteCount(type: .float32, shape: table))
    let result = try TensorMemory(byteCount: logits.count)
    var outputs = [GenerationGraphs.Name.logits: logits]
    for (cache, memory) in zip(graphs.caches, caches) {
      inputs[cache.input] = try Tensor(
        type: .float32, shape: cache.shape(rows: 1, capacity: capacity), memory: memory)
      outputs[cache.output] = memory
    }
    let made = Bound(
      run: try programs.step.bind(inputs, outputs: outputs),
      normalization: try programs.normalization.bind(
        [GenerationGraphs.Name.logits: Tensor(type: .float32, shape: table, memory: logits)],
        outputs: [GenerationGraphs.Name.logProbabilities: result]),
      tokens: tokens, positions: positions, first: first,
      valid: valid, chosen: chosen, result: result)
    bound[form] = made
    return made
  }
}
