/// What BERT does to a text (Devlin et al. 2018, `BasicTokenizer` of the published code).
struct BertNormalizer: Normalizer {
  private let cleansText: Bool
  private let separatesChinese: Bool
  private let stripsAccents: Bool
  private let lowercases: Bool

  init(lowercases: Bool, stripsAccents: Bool) throws {
    (self.lowercases, self.stripsAccents) = (lowercases, stripsAccents)
    (cleansText, separatesChinese) = (true, true)
    if stripsAccents { _ = try UnicodeForm.nfd.checked() }
  }

  init(_ settings: Settings) throws {
    lowercases = try settings.bool("lowercase", default: true)
    cleansText = try settings.bool("clean_text", default: true)
    separatesChinese = try settings.bool("handle_chinese_chars", default: true)
    // Left open, accents go where capitals go.
    stripsAccents = try settings.optionalBool("strip_accents") ?? lowercases
    if stripsAccents { _ = try UnicodeForm.nfd.checked() }
  }

  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for scalar in text {
      if cleansText {
        if Self.isDropped(scalar) { continue }
        if scalar.isWhiteSpace {
          result.append(" ")
          continue
        }
      }
      if separatesChinese, Self.isChinese(scalar) {
        result += [" ", scalar, " "]
      } else {
        result.append(scalar)
      }
    }
    if stripsAccents {
      result = UnicodeForm.nfd.normalize(result, budget)
      result.removeAll(where: \.isNonspacingMark)
    }
    return lowercases ? Lowercase().normalize(result, budget) : result
  }

  /// Characters that are dropped.
  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\t", "\n", "\r": false
    case "\u{FFFD}": true
    default: scalar.isControl
    }
  }

  /// The blocks of CJK ideographs, whose every character is a word.
  private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x3400 { return false }
    switch scalar.value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF,
      0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }
}
