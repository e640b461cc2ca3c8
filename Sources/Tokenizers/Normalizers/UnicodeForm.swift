import ZooCore

#if Tokenizers
  import CUTF8Proc
#endif

/// Unicode's normalization forms (Unicode Standard Annex 15), by utf8proc's tables.
///
/// Characters that came after Unicode 9 stay as they are, as in the `tokenizers` package that models are trained with.
enum UnicodeForm: Normalizer {
  case nfc, nfd, nfkc, nfkd

  private static let version = 9

  private var composes: Bool { self == .nfc || self == .nfkc }
  private var isCompatible: Bool { self == .nfkc || self == .nfkd }

  /// Itself, where normal forms have not been left out.
  func checked() throws -> UnicodeForm {
    #if Tokenizers
      return self
    #else
      throw ZooError.leftOut("the normal forms of Unicode that this tokenizer needs", trait: "Tokenizers")
    #endif
  }

  #if Tokenizers
    func normalize(_ text: [Unicode.Scalar], _ budget: Budget) -> [Unicode.Scalar] {
      // What has a decomposition, or a place in the order of marks, lies behind ASCII.
      if text.allSatisfy(\.isASCII) { return text }
      var result = decomposed(text)
      sortMarks(&result)
      return composes ? composed(result) : result
    }

    private func decomposed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
      let options = utf8proc_option_t(UTF8PROC_DECOMPOSE.rawValue | (isCompatible ? UTF8PROC_COMPAT.rawValue : 0))
      var result: [Unicode.Scalar] = []
      result.reserveCapacity(text.count + text.count / 4)
      // The longest decomposition has 18 characters.
      var parts = [Int32](repeating: 0, count: 32)
      var boundary: Int32 = 0
      for scalar in text {
        if scalar.isASCII || !scalar.isIn(unicode: Self.version) {
          result.append(scalar)
          continue
        }
        let count = utf8proc_decompose_char(
          Int32(scalar.value), &parts, utf8proc_ssize_t(parts.count), options, &boundary)
        guard count > 0, count <= parts.count else {
          result.append(scalar)
          continue
        }
        result += parts[..<count].lazy.map { Unicode.Scalar(UInt32($0)) ?? scalar }
      }
      return result
    }

    /// Puts each run of combining marks in the order of their classes; those of one class keep theirs.
    private func sortMarks(_ text: inout [Unicode.Scalar]) {
      func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.value < 0x300 { return 0 }
        let order = scalar.properties.canonicalCombiningClass.rawValue
        return order > 0 && scalar.isIn(unicode: Self.version) ? order : 0
      }
      var start = 0
      while start < text.count {
        guard combiningClass(text[start]) > 0 else {
          start += 1
          continue
        }
        var run = [(combiningClass(text[start]), start)]
        while start + run.count < text.count {
          let next = combiningClass(text[start + run.count])
          if next == 0 { break }
          run.append((next, start + run.count))
        }
        if run.count > 1 {
          run.sort { $0 < $1 }
          text.replaceSubrange(start..<start + run.count, with: run.map { text[$0.1] })
        }
        start += run.count
      }
    }

    private func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
      var points = text.map { Int32($0.value) }
      let options = utf8proc_option_t(UTF8PROC_COMPOSE.rawValue | UTF8PROC_STABLE.rawValue)
      let count = utf8proc_normalize_utf32(&points, utf8proc_ssize_t(points.count), options)
      guard count >= 0 else { return text }
      return points[..<count].map { Unicode.Scalar(UInt32($0)) ?? "\u{FFFD}" }
    }
  #else
    func normalize(_ text: [Unicode.Scalar], _ budget: Budget) -> [Unicode.Scalar] { text }
  #endif
}
