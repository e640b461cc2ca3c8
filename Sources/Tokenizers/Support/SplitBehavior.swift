import ZooCore

/// What becomes of the matches at which a text is cut.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  init(_ settings: Settings, default usual: SplitBehavior? = nil) throws {
    guard let name = try settings.optionalText("behavior") else {
      guard let usual else { throw settings.missing("behavior", "a text") }
      self = usual
      return
    }
    guard let behavior = SplitBehavior(rawValue: name) else { throw settings.unknown("behavior", name) }
    self = behavior
  }

  /// Cuts `piece` at `matches`, which are ranges of its characters in order.
  func split(_ piece: Piece, at matches: [Range<Int>], inverted: Bool = false, into pieces: inout [Piece]) {
    // All of the piece, in turns of what matches and what doesn't.
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    var place = piece.scalars.startIndex
    for match in matches {
      if place < match.lowerBound { parts.append((place..<match.lowerBound, inverted)) }
      if !match.isEmpty { parts.append((match, !inverted)) }
      place = match.upperBound
    }
    if place < piece.scalars.endIndex { parts.append((place..<piece.scalars.endIndex, inverted)) }

    switch self {
    case .removed:
      for part in parts where !part.isMatch { pieces.append(piece[part.range]) }
    case .isolated:
      for part in parts { pieces.append(piece[part.range]) }
    case .contiguous:
      var previous: Bool?
      join(parts, piece, &pieces) { part in
        defer { previous = part.isMatch }
        return part.isMatch == previous
      }
    case .mergedWithPrevious:
      var previousIsMatch = false
      join(parts, piece, &pieces) { part in
        defer { previousIsMatch = part.isMatch }
        return part.isMatch && !previousIsMatch
      }
    case .mergedWithNext:
      // A match goes with what follows, unless that is a match too.
      for (index, part) in parts.enumerated() {
        if part.isMatch, index + 1 < parts.count, !parts[index + 1].isMatch { continue }
        let joins = index > 0 && parts[index - 1].isMatch && !part.isMatch
        pieces.append(
          piece[(joins ? parts[index - 1].range.lowerBound : part.range.lowerBound)..<part.range.upperBound])
      }
    }
  }

  /// Adds the parts of `piece`, each of which either begins a new piece or lengthens the one before.
  private func join(
    _ parts: [(range: Range<Int>, isMatch: Bool)], _ piece: Piece, _ pieces: inout [Piece],
    where lengthens: ((range: Range<Int>, isMatch: Bool)) -> Bool
  ) {
    var start: Int?
    for (index, part) in parts.enumerated() {
      let isLonger = lengthens(part)
      if let begun = start, !isLonger {
        pieces.append(piece[begun..<parts[index - 1].range.upperBound])
        start = part.range.lowerBound
      } else if start == nil {
        start = part.range.lowerBound
      }
    }
    if let start, let last = parts.last { pieces.append(piece[start..<last.range.upperBound]) }
  }
}
