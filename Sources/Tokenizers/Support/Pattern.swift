import COniguruma
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
  func matches(in text: [UInt8]) throws -> [Range<Int>] {
    switch self {
    case .expression(let expression): return try expression.matches(in: text)
    case .text(let wanted):
      guard let first = wanted.first else { return [] }
      var found: [Range<Int>] = []
      var place = 0
      while place + wanted.count <= text.count {
        if text[place] == first, text[place..<place + wanted.count].elementsEqual(wanted) {
          found.append(place..<place + wanted.count)
          place += wanted.count
        } else {
          place += 1
        }
      }
      return found
    }
  }

  /// `text` with `replacement` in the place of every match.
  func replace(in text: [UInt8], with replacement: [UInt8]) throws -> [UInt8] {
    let matches = try matches(in: text)
    guard !matches.isEmpty else { return text }
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

/// A regular expression in Oniguruma's syntax, which is the one that tokenizer.json files are written in.
final class RegularExpression: @unchecked Sendable {
  // Never changed after `init`; Oniguruma lets any number of threads search with it.
  private let expression: OnigRegex

  private static let isReady = zoo_onig_initialize() == 0

  init(_ pattern: String) throws {
    guard Self.isReady else { throw ZooError(.defect, "Oniguruma can't be used") }
    var compiled: OnigRegex?
    var info = OnigErrorInfo()
    let bytes = Array(pattern.utf8)
    let failure = bytes.withUnsafeBufferPointer { buffer -> String? in
      let start = buffer.baseAddress ?? UnsafePointer(Self.nothing)
      let code = zoo_onig_compile(&compiled, start, start + buffer.count, &info)
      return code == 0 ? nil : Self.message(code, &info)
    }
    if let failure {
      throw ZooError(.badData, "the regular expression \(pattern) can't be read: \(failure)")
    }
    guard let compiled else { throw ZooError(.defect, "Oniguruma gave no expression") }
    expression = compiled
  }

  deinit { onig_free(expression) }

  /// Where in `text`, which is UTF-8, it matches, first to last, without overlap.
  func matches(in text: [UInt8]) throws -> [Range<Int>] {
    let region = onig_region_new()
    defer { onig_region_free(region, 1) }
    return try text.withUnsafeBufferPointer { buffer in
      let start = buffer.baseAddress ?? UnsafePointer(Self.nothing)
      let end = start + buffer.count
      var found: [Range<Int>] = []
      var place = 0
      while place <= buffer.count {
        let code = onig_search(expression, start, end, start + place, end, region, OnigOptionType(ONIG_OPTION_NONE))
        if code == ONIG_MISMATCH { break }
        guard code >= 0, let begin = region?.pointee.beg?[0], let stop = region?.pointee.end?[0] else {
          throw ZooError(.badData, "a regular expression can't be applied to the text: \(Self.message(code, nil))")
        }
        let match = Int(begin)..<Int(stop)
        // Nothing, right behind a match, is no match of its own.
        if !match.isEmpty || found.last?.upperBound != match.lowerBound { found.append(match) }
        place = match.upperBound
        if match.isEmpty {
          place += 1
          while place < buffer.count, buffer[place] & 0xC0 == 0x80 { place += 1 }
        }
      }
      return found
    }
  }

  /// Where an empty text begins.
  private nonisolated(unsafe) static let nothing = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

  private static func message(_ code: Int32, _ info: UnsafeMutablePointer<OnigErrorInfo>?) -> String {
    var text = [UInt8](repeating: 0, count: Int(ONIG_MAX_ERROR_MESSAGE_LEN))
    let count = zoo_onig_message(&text, code, info)
    return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
  }
}
