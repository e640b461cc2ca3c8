import JSON
import ZooCore

/// What Split and Replace look for: a text or a regular expression.
enum Pattern: Sendable {
  case text([UInt8])
  case expression(RegularExpression)

  init(_ settings: Settings, _ name: String) throws {
    guard let pattern = settings.component(name) else { throw settings.missing(name, "a pattern") }
    if let text = try pattern.optionalText("String") {
      self = .text(Array(text.utf8))
    } else {
      do {
        self = .expression(try RegularExpression(pattern.text("Regex")))
      } catch let error as ZooError {
        throw error.located(pattern.path)
      }
    }
  }

  /// Where in `text`, which is UTF-8, the pattern is found, first to last, without overlap.
  func matches(in text: [UInt8], _ budget: Budget) throws -> [Range<Int>] {
    try budget.spend(text.count)
    switch self {
    case .expression(let expression): return try expression.matches(in: text, budget)
    case .text(let wanted):
      guard let first = wanted.first else { return [] }
      var found: [Range<Int>] = []
      var place = 0
      while place + wanted.count <= text.count {
        if text[place] == first, try isFound(wanted, in: text, at: place, budget) {
          found.append(place..<place + wanted.count)
          place += wanted.count
        } else {
          place += 1
        }
      }
      return found
    }
  }

  private func isFound(_ wanted: [UInt8], in text: [UInt8], at place: Int, _ budget: Budget) throws -> Bool {
    var count = 1
    while count < wanted.count, text[place + count] == wanted[count] { count += 1 }
    try budget.spend(count)
    return count == wanted.count
  }

  /// `text` with `replacement` in the place of every match.
  func replace(in text: [UInt8], with replacement: [UInt8], _ budget: Budget) throws -> [UInt8] {
    let matches = try matches(in: text, budget)
    guard !matches.isEmpty else { return text }
    try budget.spend(matches.count, times: replacement.count)
    var result: [UInt8] = []
    var place = 0
    for match in matches {
      result += text[place..<match.lowerBound]
      result += replacement
      place = match.upperBound
    }
    return result + text[place...]
  }
}
