import ZooCore

/// How long texts are cut.
package struct Truncation: Sendable, Hashable {
  /// Which of two texts loses tokens.
  package enum Strategy: String, Sendable, Hashable {
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }

  /// Tokens that remain, special ones included.
  package var maximumLength: Int
  /// The end that is cut off.
  package var side: TokenizerSide
  package var strategy: Strategy

  package init(maximumLength: Int, side: TokenizerSide = .right, strategy: Strategy = .longestFirst) {
    self.maximumLength = maximumLength
    self.side = side
    self.strategy = strategy
  }

  init(_ settings: Settings) throws {
    let name = try settings.optionalText("strategy") ?? Strategy.longestFirst.rawValue
    guard let strategy = Strategy(rawValue: name) else { throw settings.unknown("strategy", name) }
    try self.init(
      maximumLength: max(0, settings.integer("max_length")), side: TokenizerSide(settings), strategy: strategy)
  }

  /// Cuts one or two texts so that `addedCount` more tokens have their place.
  ///
  /// - Throws: `ZooError` (`usage`) where the only text that may be cut is too short for it.
  func apply(to parts: inout [Encoding], addedCount: Int) throws {
    let room = max(0, maximumLength - addedCount)
    let excess = parts.reduce(-room) { $0 + $1.ids.count }
    guard excess > 0 else { return }
    if strategy == .longestFirst, parts.count == 2 {
      let (first, second) = Self.lengths(parts[0].ids.count, parts[1].ids.count, room)
      parts[0].truncate(to: first, from: side)
      parts[1].truncate(to: second, from: side)
      return
    }
    let index = strategy == .onlySecond ? 1 : 0
    guard index < parts.count, parts[index].ids.count > excess || strategy == .longestFirst else {
      throw ZooError(
        .usage, "the text can't be cut to \(maximumLength) tokens by the rule \(strategy.rawValue)",
        advice: "give shorter texts")
    }
    parts[index].truncate(to: parts[index].ids.count - excess, from: side)
  }

  /// What two texts of these lengths keep: the longer one loses until both are of one length.
  private static func lengths(_ first: Int, _ second: Int, _ room: Int) -> (Int, Int) {
    var shorter = min(first, second)
    var longer = shorter > room ? shorter : max(shorter, room - shorter)
    if shorter + longer > room {
      shorter = room / 2
      longer = room - shorter
    }
    return first > second ? (longer, shorter) : (shorter, longer)
  }
}
