/// Each pre-tokenizer cuts the pieces of the one before.
struct PreTokenizerSequence: PreTokenizer {
  private let steps: [any PreTokenizer]

  init(_ steps: [any PreTokenizer]) { self.steps = steps }

  init(_ settings: Settings) throws { steps = try settings.components("pretokenizers").map(makePreTokenizer) }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) throws {
    var parts = [piece]
    for step in steps {
      var smaller: [Piece] = []
      smaller.reserveCapacity(parts.count)
      for part in parts where !part.scalars.isEmpty {
        try budget.spend(part.scalars.count + 1)
        try step.split(part, into: &smaller, budget)
      }
      parts = smaller
    }
    pieces += parts
  }
}
