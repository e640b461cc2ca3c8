/// Parts numbers from what is beside them.
struct DigitsPreTokenizer: PreTokenizer {
  /// Whether each digit is a piece of its own.
  private let isolates: Bool

  init(isolates: Bool) { self.isolates = isolates }

  init(_ settings: Settings) throws { isolates = try settings.bool("individual_digits", default: false) }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    let behavior = isolates ? SplitBehavior.isolated : .contiguous
    behavior.split(piece, at: characters(of: piece, where: \.isNumeral), into: &pieces)
  }
}
