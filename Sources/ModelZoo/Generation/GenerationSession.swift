import ZooRuntime
import ZooPlatform

/// Rows of tokens that grow together, with their caches: one row a sentence, or one a hypothesis.
///
/// Rows may have different lengths, come and go. Not for more than one thread at a time.
final class GenerationSession {
  private let programs: GenerationPrograms
  /// Tokens in each row's cache.
  private(set) var lengths: [Int]
  /// Of a single row, the tokens of its cache, and perhaps some that were taken back.
  private var history: [Int] = []
  /// The sentence that each row belongs to, by its place among the session's sources.
  private var sources: [Int]
  /// The positions that there are. Rows that are done may go beyond them while others go on.
  private let positionCount: Int
  private(set) var capacity: Int
  /// Rows that the caches have room for; the session's are the first of them.
  private(set) var slots = 0
  private var caches: [TensorMemory] = []
  /// What the encoder gave, for each row.
  private var contexts: [String: Tensor] = [:]
  private var bound: [Form: Bound] = [:]
  /// What guesses, as soon as there is such a thing.
  private var draft: CompiledModel?

  /// How many tokens a step takes and tells the successors of, in each row, and what it tells.
  private struct Form: Hashable {
    var rowCount, newCount, toldCount: Int
    var kind: Kind
  }

  private enum Kind {
    case logits
    /// As `logits`, by the draft.
    case guess
    case tokens
  }

  /// The step in one form, over memory that stays.
  private struct Bound {
    var run: BoundRun
    var tokens, positions, first, valid, chosen, result: TensorMemory
    /// What makes log probabilities of the result, once they were asked for.
    var normalization: (run: BoundRun, result: TensorMemory)?
  }

  private static let smallestCapacity = 32

  var rowCount: Int { lengths.count }
  var vocabulary: Int { programs.graphs.vocabulary }
  /// Of a single row, the tokens whose keys and values are known.
  var tokens: ArraySlice<Int> { rowCount == 1 ? history.prefix(lengths[0]) : [] }
  var cacheByteCount: Int { caches.reduce(0) { $0 + $1.count } }
  /// Whose logits are known, and whether their log probabilities are.
  private var last: (form: Form, isNormalized: Bool)?

  /// Encodes `texts`, the sources of a translation, with `copies` rows for each.
  ///
  /// - Parameters:
  ///   - padToken: What shorter texts are filled up with; the mask hides it.
  ///   - limit: The most tokens that the encoder takes, and the positions of the rows.
  init(_ programs: GenerationPrograms, sources texts: [[Int]], copies: Int, padToken: Int, limit: Int) throws {
    self.programs = programs
    positionCount = limit
    capacity = 0
    lengths = Array(repeating: 0, count: texts.count * copies)
    sources = lengths.indices.map { $0 / copies }
    guard let encoder = programs.encoder, let names = programs.graphs.source else {
      throw ZooError(.defect, "a model without an encoder has no sources")
    }
    let longest = texts.map(\.count).max() ?? 0
    // Few different shapes should occur, as each is planned once.
    let length = max(longest, min(longest.roundedUp(to: 4), limit))
    var inputs = [
      names.tokens: try Tensor(
        texts.flatMap { $0.map(Int64.init) + Array(repeating: Int64(padToken), count: length - $0.count) },
        shape: [texts.count, length])
    ]
    if let mask = names.mask {
      inputs[mask] = try Tensor(
        texts.flatMap { text in (0..<length).map { Int64($0 < text.count ? 1 : 0) } }, shape: [texts.count, length])
    }
    contexts = try encoder.run(inputs.filter { name, _ in encoder.inputs.contains { $0.name == name } })
    if copies > 1 { try chooseContexts(sources) }
  }

  /// Rows without a source, for a decoder alone.
  init(_ programs: GenerationPrograms, rows: Int, limit: Int) {
    self.programs = programs
    positionCount = limit
    capacity = 0
    lengths = Array(repeating: 0, count: rows)
    sources = Array(0..<rows)
  }

  /// A single row of `tokens`, with which a row of `other`, a decoder alone, begins.
  init(_ other: GenerationSession, row: Int = 0, beginning tokens: [Int]) throws {
    programs = other.programs
    positionCount = other.positionCount
    capacity = 0
    lengths = [0]
    sources = [0]
    try reserve(tokens.count)
    for (index, cache) in programs.graphs.caches.enumerated() {
      copyRow(cache, from: other.caches[index], row, other.capacity, to: caches[index], 0, length: tokens.count)
    }
    lengths = [tokens.count]
    history = tokens
  }

  /// Appends `tokens` to the rows, at least one to each, and computes the logits of what comes next: `vocabulary` numbers a
  /// row, which the next call overwrites.
  func append(_ tokens: [[Int]]) throws -> UnsafeBufferPointer<Float> {
    let form = try form(tokens, .logits)
    let result = UnsafeBufferPointer(try append(tokens, form).bindMemory(to: Float.self))
    last = (form, false)
    return result
  }

  /// Appends `tokens` to the only row and computes the logits of what comes after each of them: `vocabulary` numbers a
  /// token, which the next call overwrites.
  func logits(afterEachOf tokens: [Int]) throws -> UnsafeBufferPointer<Float> {
    let count = checkCount(tokens.count)
    let form = Form(rowCount: 1, newCount: count, toldCount: count, kind: .logits)
    let result = UnsafeBufferPointer(try append([tokens], form).bindMemory(to: Float.self))
    last = (form, false)
    return result
  }

  /// The logarithms of the probabilities of what comes after the last `append`, in its form.
  func logProbabilities() throws -> UnsafeBufferPointer<Float> {
    guard let (form, isNormalized) = last, var known = bound[form] else {
      throw ZooError(.defect, "no logits are known")
    }
    if known.normalization == nil {
      let result = try TensorMemory(byteCount: known.result.count)
      let table = [rowCount * form.toldCount, vocabulary]
      let logits = try Tensor(type: .float32, shape: table, memory: known.result)
      let run = try programs.normalization.bind(
        [GenerationGraphs.Name.logits: logits], outputs: [GenerationGraphs.Name.logProbabilities: result])
      known.normalization = (run, result)
      bound[form] = known
    }
    guard let (run, result) = known.normalization else { throw ZooError(.defect, "nothing is bound") }
    if !isNormalized { try run.run() }
    last?.isNormalized = true
    return UnsafeBufferPointer(result.mutableBytes.bindMemory(to: Float.self))
  }

  /// Appends `tokens` to the rows, at least one to each, and tells which token is the most probable one after each row.
  func choose(after tokens: [[Int]]) throws -> [Int] {
    let result = try append(tokens, form(tokens, .tokens))
    return result.bindMemory(to: Int64.self).prefix(rowCount).map { Int($0) }
  }

  private func form(_ tokens: [[Int]], _ kind: Kind) throws -> Form {
    guard tokens.count == rowCount, let longest = tokens.map(\.count).max(), tokens.allSatisfy({ !$0.isEmpty }) else {
      throw ZooError(.defect, "\(tokens.count) lists of new tokens for \(rowCount) rows")
    }
    return Form(rowCount: rowCount, newCount: newCount(longest), toldCount: 1, kind: kind)
  }

  /// Prompts of many lengths should not need a plan each. What fills them up is behind all that anybody sees.
  private func newCount(_ longest: Int) -> Int { longest == 1 ? 1 : longest.roundedUp(to: 8) }

  /// Of tokens each of which is told about: one plan for most checks of guesses, and one for a single guess, which is
  /// frequent.
  private func checkCount(_ count: Int) -> Int {
    count <= 2 ? 2 : count <= Self.mostGuesses + 1 ? Self.mostGuesses + 1 : newCount(count)
  }

  private func append(_ tokens: [[Int]], _ form: Form) throws -> UnsafeMutableRawBufferPointer {
    let newCount = form.newCount
    last = nil
    try reserve((lengths.max() ?? 0) + newCount)
    let bound = try prepared(form)
    if rowCount == 1 { history = history.prefix(lengths[0]) + tokens[0] }
    let ids = bound.tokens.mutableBytes.bindMemory(to: Int64.self)
    let positions = bound.positions.mutableBytes.bindMemory(to: Int64.self)
    let first = bound.first.mutableBytes.bindMemory(to: Int64.self)
    let valid = bound.valid.mutableBytes.bindMemory(to: Int64.self)
    let chosen = bound.chosen.mutableBytes.bindMemory(to: Int64.self)
    for (row, new) in tokens.enumerated() {
      for place in 0..<newCount {
        let known = min(place, new.count - 1)
        ids[row * newCount + place] = Int64(new[known])
        positions[row * newCount + place] = Int64(min(lengths[row] + known, positionCount - 1))
      }
      first[row] = Int64(lengths[row])
      valid[row] = Int64(lengths[row] + newCount)
      for told in 0..<form.toldCount {
        chosen[row * form.toldCount + told] = Int64(
          row * newCount + (form.toldCount == 1 ? new.count - 1 : min(told, new.count - 1)))
      }
      lengths[row] += new.count
    }
    do { try bound.run.run() } catch {
      // What was known before is known still.
      for (row, new) in tokens.enumerated() { lengths[row] -= new.count }
      throw error
    }
    return bound.result.mutableBytes
  }

  // MARK: One row, with guesses

  /// The most tokens that are guessed at once: with the one that is known, as many rows as a product multiplies while
  /// it reads its weights.
  static let mostGuesses = 5

  /// Whether the network guesses for itself, with rounded weights: not as long as making these does not pay.
  func canGuess() throws -> Bool {
    if draft == nil { draft = try programs.draft() }
    return draft != nil
  }

  /// The logits of what comes after `token` in the only row, by the network's rounded weights. What it leaves in the caches
  /// has to be taken back.
  func guessedLogits(after token: Int) throws -> UnsafeBufferPointer<Float> {
    let result = try append([[token]], Form(rowCount: 1, newCount: 1, toldCount: 1, kind: .guess))
    return UnsafeBufferPointer(result.bindMemory(to: Float.self))
  }

  /// Appends `tokens`, at most `mostGuesses` + 1, to the only row, and tells which token is the most probable one after
  /// each of them.
  func choose(afterEachOf tokens: [Int]) throws -> [Int] {
    let count = checkCount(tokens.count)
    let result = try append([tokens], Form(rowCount: 1, newCount: count, toldCount: count, kind: .tokens))
    return result.bindMemory(to: Int64.self).prefix(tokens.count).map { Int($0) }
  }

  /// Takes the last `count` tokens of the only row back.
  func removeLast(_ count: Int) { lengths[0] -= count }

  // MARK: Rows

  /// Makes row i what row `parents[i]` is now. There may be fewer rows than before; their room stays.
  func reorder(_ parents: [Int]) throws {
    let (oldLengths, oldSources) = (lengths, sources)
    let moved = parents.indices.filter { parents[$0] != $0 }
    lengths = parents.map { oldLengths[$0] }
    sources = parents.map { oldSources[$0] }
    if !caches.isEmpty, !moved.isEmpty {
      // Rows that are read after they have been written to go by way of a copy.
      let kept = Set(moved.map { parents[$0] }).intersection(moved).sorted()
      for (cache, memory) in zip(programs.graphs.caches, caches) {
        let rowBytes = cache.heads * capacity * cache.rowByteCount
        let spare = try TensorMemory(byteCount: kept.count * rowBytes)
        for (place, row) in kept.enumerated() {
          copyRow(cache, from: memory, row, capacity, to: spare, place, length: oldLengths[row])
        }
        for row in moved {
          let place = kept.firstIndex(of: parents[row])
          copyRow(
            cache, from: place == nil ? memory : spare, place ?? parents[row], capacity, to: memory, row,
            length: lengths[row])
        }
      }
    }
    if sources != oldSources { try chooseContexts(parents) }
  }

  /// Makes the only row of `other`, a decoder alone as this one is, the last row.
  func join(_ other: GenerationSession) throws {
    let row = rowCount
    try reserve(other.lengths[0], rows: row + 1)
    for (index, cache) in programs.graphs.caches.enumerated() where !other.caches.isEmpty {
      copyRow(
        cache, from: other.caches[index], 0, other.capacity, to: caches[index], row, length: other.lengths[0])
    }
    lengths.append(other.lengths[0])
    sources.append(row)
  }

  /// Takes a row away; the last one takes its place.
  func removeRow(_ row: Int) throws {
    var parents = Array(0..<rowCount - 1)
    if row < parents.count { parents[row] = rowCount - 1 }
    try reorder(parents)
  }

  // MARK: Memory

  /// Few different shapes should occur, as each is planned once.
  static func capacity(for count: Int) -> Int {
    var capacity = smallestCapacity
    while capacity < count { capacity *= 2 }
    return capacity
  }

  /// Makes room for `count` tokens in each row; and for `rows`, a power of two of them, if there are to be more.
  func reserve(_ count: Int, rows: Int? = nil) throws {
    var newSlots = max(slots, rowCount)
    if let rows { while newSlots < rows { newSlots = max(1, 2 * newSlots) } }
    guard count > capacity || newSlots > slots else { return }
    try resize(slots: newSlots, capacity: max(capacity, Self.capacity(for: count)))
  }

  /// Moves the rows to caches of another size, which has to be enough for them.
  func resize(slots newSlots: Int, capacity newCapacity: Int) throws {
    let made = try programs.graphs.caches.map { try emptyCache($0, rows: newSlots, capacity: newCapacity) }
    let (old, oldCapacity) = (caches, capacity)
    (caches, slots, capacity) = (made, newSlots, newCapacity)
    for (index, cache) in programs.graphs.caches.enumerated() where !old.isEmpty {
      for row in lengths.indices {
        copyRow(cache, from: old[index], row, oldCapacity, to: caches[index], row, length: lengths[row])
      }
    }
    bound = [:]
  }

  /// Zeros, since what nobody sees is still multiplied by zero.
  private func emptyCache(_ cache: GenerationGraphs.Cache, rows: Int, capacity: Int) throws -> TensorMemory {
    let memory = try TensorMemory(
      byteCount: Tensor.byteCount(type: cache.type, shape: cache.shape(rows: rows, capacity: capacity)))
    memory.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0)
    return memory
  }

  /// Copies the first `length` tokens of a row into a row of caches of the session's capacity.
  private func copyRow(
    _ cache: GenerationGraphs.Cache, from source: TensorMemory, _ from: Int, _ sourceCapacity: Int,
    to target: TensorMemory, _ to: Int, length: Int
  ) {
    guard let source = source.mutableBytes.baseAddress, let target = target.mutableBytes.baseAddress else { return }
    let size = cache.rowByteCount
    for head in 0..<cache.heads {
      (target + (to * cache.heads + head) * capacity * size).copyMemory(
        from: source + (from * cache.heads + head) * sourceCapacity * size, byteCount: length * size)
    }
  }

  /// Gives row i the context that row `rows[i]` has.
  private func chooseContexts(_ rows: [Int]) throws {
    for context in programs.graphs.contexts where context.isByRow {
      guard let tensor = contexts[context.name], let count = tensor.shape.first, count > 0 else { continue }
      let size = tensor.byteCount / count
      contexts[context.name] = try Tensor(type: tensor.type, shape: [rows.count] + tensor.shape.dropFirst()) { bytes in
        tensor.withUnsafeBytes { source in
          guard let from = source.baseAddress, let to = bytes.baseAddress else { return }
          for (place, row) in rows.enumerated() {
            (to + place * size).copyMemory(from: from + row * size, byteCount: size)
          }
        }
      }
    }
    bound = [:]
  }

  /// The step in `form`, made ready when it is first needed.
  private func prepared(_ form: Form) throws -> Bound {
    if let bound = bound[form] { return bound }
    let graphs = programs.graphs
    func integers(_ shape: [Int]) throws -> (TensorMemory, Tensor) {
      let memory = try TensorMemory(byteCount: Tensor.byteCount(type: .int64, shape: shape))
      return (memory, try Tensor(type: .int64, shape: shape, memory: memory))
    }
    let shape = [rowCount, form.newCount]
    let (tokens, positions) = (try integers(shape), try integers(shape))
    let (first, valid) = (try integers([rowCount]), try integers([rowCount]))
    let chosen = try integers([rowCount * form.toldCount])
    let name = form.kind == .tokens ? GenerationGraphs.Name.tokens : GenerationGraphs.Name.logits
    let told = rowCount * form.toldCount
    let scoreBytes = told * graphs.vocabulary * MemoryLayout<Float>.size
    let result = try TensorMemory(byteCount: form.kind == .tokens ? told * MemoryLayout<Int64>.size : scoreBytes)
    var inputs = contexts
    inputs[graphs.tokens] = tokens.1
    inputs[graphs.positions] = positions.1
    inputs[GenerationGraphs.Name.first] = first.1
    inputs[GenerationGraphs.Name.valid] = valid.1
    inputs[GenerationGraphs.Name.chosen] = chosen.1
    var outputs = [name: result]
    for (cache, memory) in zip(graphs.caches, caches) {
      inputs[cache.input] = try Tensor(
        type: cache.type, shape: cache.shape(rows: rowCount, capacity: capacity), memory: memory)
      outputs[cache.output] = memory
    }
    let program =
      switch form.kind {
      case .logits: programs.step
      case .guess: draft ?? programs.step
      case .tokens: programs.choice
      }
    // A prompt comes once, and rows come and go; memory for others' logits need not stay.
    bound = bound.filter { $0.key.newCount <= Self.mostGuesses + 1 && $0.key.rowCount == rowCount }
    let made = Bound(
      run: try program.bind(inputs, outputs: outputs), tokens: tokens.0, positions: positions.0, first: first.0,
      valid: valid.0, chosen: chosen.0, result: result)
    bound[form] = made
    return made
  }
}
