/// Cuts at the matches of a pattern.
struct SplitPreTokenizer: PreTokenizer {
  private let pattern: Pattern
  private let behavior: SplitBehavior
  private let isInverted: Bool

  init(_ pattern: Pattern, _ behavior: SplitBehavior) {
    (self.pattern, self.behavior, isInverted) = (pattern, behavior, false)
  }

  init(_ settings: Settings) throws {
    pattern = try Pattern(settings, "pattern")
    behavior = try SplitBehavior(settings)
    isInverted = try settings.bool("invert", default: false)
  }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) throws {
    let text = piece.scalars.utf8
    // From bytes to characters; matches come in order.
    var byte = 0
    var place = piece.scalars.startIndex
    func character(at target: Int) -> Int {
      while byte < target {
        byte += UTF8.width(piece.scalars[place])
        place += 1
      }
      return place
    }
    let matches = try pattern.matches(in: text, budget).map { match in
      let start = character(at: match.lowerBound)
      return start..<character(at: match.upperBound)
    }
    behavior.split(piece, at: matches, inverted: isInverted, into: &pieces)
  }
}
