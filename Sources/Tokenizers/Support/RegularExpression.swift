import ZooCore

#if Tokenizers
  import COniguruma

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
    func matches(in text: [UInt8], _ budget: Budget) throws -> [Range<Int>] {
      try text.withUnsafeBufferPointer { buffer in
        let search = try Search(expression, buffer, budget)
        defer { search.end() }
        var found: [Range<Int>] = []
        var place = 0
        while place <= buffer.count, let match = try search.firstMatch(from: place) {
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
    fileprivate nonisolated(unsafe) static let nothing = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

    fileprivate static func message(_ code: Int32, _ info: UnsafeMutablePointer<OnigErrorInfo>?) -> String {
      var text = [UInt8](repeating: 0, count: Int(ONIG_MAX_ERROR_MESSAGE_LEN))
      let count = zoo_onig_message(&text, code, info)
      return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
    }
  }

  /// The search for one expression in one text, within a budget.
  ///
  /// Oniguruma counts how often one attempt turns back, but neither what attempts cost that fail without turning back nor
  /// how many there are. So in long texts each attempt is a call, with a look at the clock before it.
  private struct Search {
    /// Turns within a call, and what it remembers to turn back to (40 bytes each).
    private static let mostTurns: UInt = 10_000_000
    private static let mostPlaces: UInt32 = 4_000_000
    /// Bytes of a text in which all attempts may be one call.
    private static let shortText = 4096

    private let expression: OnigRegex
    private let text: UnsafeBufferPointer<UInt8>
    private let budget: Budget
    private let region: UnsafeMutablePointer<OnigRegion>
    private let limits: OpaquePointer

    init(_ expression: OnigRegex, _ text: UnsafeBufferPointer<UInt8>, _ budget: Budget) throws {
      guard let region = onig_region_new() else { throw ZooError(.badData, "no memory for a search") }
      guard let limits = onig_new_match_param() else {
        onig_region_free(region, 1)
        throw ZooError(.badData, "no memory for a search")
      }
      onig_initialize_match_param(limits)
      onig_set_retry_limit_in_match_of_match_param(limits, Self.mostTurns)
      onig_set_retry_limit_in_search_of_match_param(limits, Self.mostTurns)
      onig_set_match_stack_limit_size_of_match_param(limits, Self.mostPlaces)
      (self.expression, self.text, self.budget) = (expression, text, budget)
      (self.region, self.limits) = (region, limits)
    }

    func end() {
      onig_region_free(region, 1)
      onig_free_match_param(limits)
    }

    /// The first match that begins at `place` or behind it.
    func firstMatch(from place: Int) throws -> Range<Int>? {
      let start = text.baseAddress ?? UnsafePointer(RegularExpression.nothing)
      let end = start + text.count
      guard text.count > Self.shortText else {
        return try match {
          onig_search_with_param(expression, start, end, start + place, end, region, ONIG_OPTION_NONE, limits)
        }
      }
      for beginning in place...text.count where beginning == text.count || text[beginning] & 0xC0 != 0x80 {
        // Only the first attempt is made where the search begins (`\G`).
        let options = beginning == place ? ONIG_OPTION_NONE : ONIG_OPTION_NOT_BEGIN_POSITION
        let found = try match {
          onig_match_with_param(expression, start, end, start + beginning, region, options, limits)
        }
        if let found { return found }
      }
      return nil
    }

    private func match(_ search: () -> Int32) throws -> Range<Int>? {
      try budget.look()
      let code = search()
      if code == ONIG_MISMATCH { return nil }
      guard code >= 0, let begin = region.pointee.beg?[0], let end = region.pointee.end?[0] else {
        throw ZooError(
          .badData, "a regular expression can't be applied to the text: \(RegularExpression.message(code, nil))")
      }
      return Int(begin)..<Int(end)
    }
  }
#else
  /// Regular expressions are Oniguruma's, which this build leaves out.
  struct RegularExpression: Sendable {
    init(_ pattern: String) throws {
      throw ZooError.leftOut("the regular expressions that this tokenizer needs", trait: "Tokenizers")
    }

    func matches(in text: [UInt8], _ budget: Budget) throws -> [Range<Int>] { [] }
  }
#endif
