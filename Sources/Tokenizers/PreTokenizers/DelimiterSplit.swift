/// What stands between one character.
struct DelimiterSplit: PreTokenizer {
  private let delimiter: Unicode.Scalar

  init(_ settings: Settings) throws { delimiter = try settings.scalar("delimiter") }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    SplitBehavior.removed.split(piece, at: characters(of: piece) { $0 == delimiter }, into: &pieces)
  }
}
