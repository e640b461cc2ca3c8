import ZooCore

/// Byte-pair encoding as SentencePiece has it (Kudo and Richardson 2018): of all neighbours that are a token together, those
/// are joined whose token has the greatest score, and among equals the leftmost.
struct ScoredBPE: TokenModel {
  let vocabulary: Vocabulary
  private let tokens: TokenTable
  /// By id: 0 for the greatest score.
  private let ranks: [Int32]
  /// The tokens of bytes, of which characters without a token are made.
  private let bytes: [Int32?]
  private let unknown: Int32?

  init(_ metadata: TokenizerMetadata) throws {
    vocabulary = Vocabulary(metadata.tokens)
    tokens = TokenTable(metadata.tokens)
    ranks = Self.ranks(metadata)
    let vocabulary = vocabulary
    bytes = (0...255).map { vocabulary.id(of: ByteFallbackDecoder.token(of: $0)) }
    unknown = metadata.ids["unknown"].map(Int32.init)
  }

  /// Scores as whole numbers, since nothing but their order counts.
  private static func ranks(_ metadata: TokenizerMetadata) -> [Int32] {
    guard !metadata.scores.isEmpty else { return Array(repeating: 0, count: metadata.tokens.count) }
    var ranks = [Int32](repeating: 0, count: metadata.tokens.count)
    // What is no number comes last.
    func key(_ id: Int) -> Float { metadata.scores[id].isNaN ? -.infinity : metadata.scores[id] }
    let order = metadata.tokens.indices.sorted { key($0) > key($1) }
    var rank: Int32 = 0
    for (place, id) in order.enumerated() {
      if place > 0, key(id) < key(order[place - 1]) { rank += 1 }
      ranks[id] = rank
    }
    return ranks
  }

  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) throws {
    try budget.spend(piece.count)
    guard piece.count < Int(Int32.max) / 4 else { throw ZooError(.badData, "the text is too long for a tokenizer") }
    var symbols = SymbolChain(piece)
    let text = piece.utf8
    var queue = MergeQueue()
    func offer(_ place: Int) throws {
      guard let range = symbols.pair(at: place), range.count <= tokens.longest else { return }
      try budget.spend(range.count)
      guard let id = tokens.id(of: text[range]) else { return }
      queue.insert(.init(rank: ranks[Int(id)], place: Int32(place), result: id))
    }
    for place in 0..<symbols.count { try offer(place) }
    while let merge = queue.removeFirst() {
      // The pair may have been joined with others since it was seen.
      let place = Int(merge.place)
      guard let range = symbols.pair(at: place), tokens.count(of: merge.result) == range.count else { continue }
      symbols.join(place)
      if let previous = symbols.previous(of: place) { try offer(previous) }
      try offer(place)
    }
    for range in symbols.ranges {
      if let id = tokens.id(of: text[range]) {
        ids.append(id)
      } else {
        for byte in text[range] { if let id = bytes[Int(byte)] ?? unknown { ids.append(id) } }
      }
    }
  }
}

/// The symbols that are left of a text while neighbours are joined: ranges of its bytes.
private struct SymbolChain {
  /// Where each begins, and at last the text's end; by the number of its first character.
  private var starts: [Int32] = []
  /// The neighbours; `count` and −1 at the ends. A symbol that was joined to the one before it is its own neighbour.
  private var next: [Int32]
  private var before: [Int32]

  let count: Int

  init(_ piece: ArraySlice<Unicode.Scalar>) {
    count = piece.count
    starts.reserveCapacity(count + 1)
    var place: Int32 = 0
    for scalar in piece {
      starts.append(place)
      place += Int32(UTF8.width(scalar))
    }
    starts.append(place)
    next = Array(1..<Int32(count + 1))
    before = Array(-1..<Int32(count - 1))
  }

  /// The bytes of the symbol at `place` and the one behind it; `nil` where there is none, or the symbol is gone.
  func pair(at place: Int) -> Range<Int>? {
    let other = Int(next[place])
    guard other != place, other < count else { return nil }
    return Int(starts[place])..<Int(starts[Int(next[other])])
  }

  mutating func join(_ place: Int) {
    let other = Int(next[place])
    next[place] = next[other]
    if Int(next[other]) < count { before[Int(next[other])] = Int32(place) }
    next[other] = Int32(other)
  }

  func previous(of place: Int) -> Int? { before[place] < 0 ? nil : Int(before[place]) }

  /// All that are left.
  var ranges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var place = 0
    while place < count {
      ranges.append(Int(starts[place])..<Int(starts[Int(next[place])]))
      place = Int(next[place])
    }
    return ranges
  }
}
