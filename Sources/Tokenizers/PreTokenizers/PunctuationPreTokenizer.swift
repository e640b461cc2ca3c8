/// Cuts at punctuation marks.
struct PunctuationPreTokenizer: PreTokenizer {
  private let behavior: SplitBehavior

  init(_ settings: Settings) throws { behavior = try SplitBehavior(settings, default: .isolated) }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    behavior.split(piece, at: characters(of: piece, where: \.isPunctuationMark), into: &pieces)
  }
}
