#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// BLEU of a corpus (Papineni et al. 2002) as sacreBLEU defines it (Post 2018): lower case, tokens as mteval-v13a cuts
/// them, n-grams up to four words, exponential smoothing.
///
/// ```swift
/// var bleu = BLEU()
/// bleu.add("Ein Hund rennt.", reference: "Ein Hund läuft.")
/// print(bleu.score)  // 0…100
/// ```
package struct BLEU: Sendable {
  /// Sentences that were added.
  package private(set) var sentences = 0
  /// N-grams by length: all of the translations', and those that are in their references.
  private var totals = [Int](repeating: 0, count: Self.longest)
  private var correct = [Int](repeating: 0, count: Self.longest)
  private var length = 0
  private var referenceLength = 0
  /// Numbers of words. Their bytes are compared: equal text in another normalization is another word.
  private var words: [[UInt8]: Int32] = [:]

  private static let longest = 4

  package init() {}

  /// Counts one sentence.
  package mutating func add(_ translation: String, reference: String) {
    let (own, wanted) = (numbers(of: translation), numbers(of: reference))
    sentences += 1
    length += own.count
    referenceLength += wanted.count
    for size in 1...Self.longest {
      let (counts, allowed) = (Self.ngrams(own, size), Self.ngrams(wanted, size))
      for (ngram, count) in counts {
        totals[size - 1] += count
        correct[size - 1] += min(count, allowed[ngram] ?? 0)
      }
    }
  }

  /// 0…100.
  package var score: Double {
    guard correct.contains(where: { $0 > 0 }) else { return 0 }
    var smoothing = 1.0
    var sum = 0.0
    for (count, total) in zip(correct, totals) {
      // Sentences that are all too short have no precision of this order, and then no score.
      guard total > 0 else { return 0 }
      if count == 0 { smoothing *= 2 }
      sum += log(100 * (count == 0 ? 1 / smoothing : Double(count)) / Double(total))
    }
    let brevity = length < referenceLength ? exp(1 - Double(referenceLength) / Double(length)) : 1
    return brevity * exp(sum / Double(Self.longest))
  }

  private mutating func numbers(of sentence: String) -> [Int32] {
    Self.tokens(of: sentence).map { word in
      let number = words[word] ?? Int32(words.count)
      words[word] = number
      return number
    }
  }

  private static func ngrams(_ words: [Int32], _ size: Int) -> [SIMD4<Int32>: Int] {
    var counts: [SIMD4<Int32>: Int] = [:]
    guard words.count >= size else { return counts }
    for first in 0...words.count - size {
      var ngram = SIMD4<Int32>(repeating: -1)
      for place in 0..<size { ngram[place] = words[first + place] }
      counts[ngram, default: 0] += 1
    }
    return counts
  }

  // MARK: Tokens

  /// The words of a sentence, in lower case.
  static func tokens(of sentence: String) -> [[UInt8]] {
    var text = Array(lowercase(sentence.unicodeScalars))
    while let last = text.last, isSpace(last) { text.removeLast() }
    text = replace(text, "<skipped>", "")
    text = replace(text, "-\n", "")
    for (name, character) in [("\n", " "), ("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
      text = replace(text, name, character)
    }
    text = [" "] + text + [" "]
    text = text.flatMap { isSymbol($0) ? [" ", $0, " "] : [$0] }
    // Points and commas are words unless they stand between digits.
    text = replacePairs(text, where: { !isDigit($0) && isPoint($1) }) { [$0, " ", $1, " "] }
    text = replacePairs(text, where: { isPoint($0) && !isDigit($1) }) { [" ", $0, " ", $1] }
    text = replacePairs(text, where: { isDigit($0) && $1 == "-" }) { [$0, " ", $1, " "] }
    return text.split(whereSeparator: isSpace).map { word in
      var string = String.UnicodeScalarView()
      string.append(contentsOf: word)
      return Array(String(string).utf8)
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
  private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

  /// ASCII's symbols that are always words, the space among them; not . , - '.
  private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
  }

  /// What Python splits words at: Unicode's white space and ASCII's four separators.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }

  /// Unicode's lower case, with its one rule that looks at neighbours: sigma at the end of a word (SpecialCasing.txt).
  private static func lowercase(_ text: String.UnicodeScalarView) -> [Unicode.Scalar] {
    let scalars = Array(text)
    return scalars.indices.flatMap { place -> [Unicode.Scalar] in
      let scalar = scalars[place]
      guard scalar == "Σ" else { return Array(scalar.properties.lowercaseMapping.unicodeScalars) }
      func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
        scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
      }
      let isLast = isCased(scalars[..<place].reversed()) && !isCased(scalars[(place + 1)...])
      return [isLast ? "ς" : "σ"]
    }
  }

  private static func replace(_ text: [Unicode.Scalar], _ old: String, _ new: String) -> [Unicode.Scalar] {
    let (old, new) = (Array(old.unicodeScalars), Array(new.unicodeScalars))
    guard text.contains(old[0]) else { return text }
    var result: [Unicode.Scalar] = []
    var place = 0
    while place < text.count {
      if text[place...].starts(with: old) {
        result += new
        place += old.count
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return result
  }

  /// Replaces neighbours from left to right; one that was replaced is no neighbour again.
  private static func replacePairs(
    _ text: [Unicode.Scalar], where matches: (Unicode.Scalar, Unicode.Scalar) -> Bool,
    by replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var place = 0
    while place < text.count {
      if place + 1 < text.count, matches(text[place], text[place + 1]) {
        result += replacement(text[place], text[place + 1])
        place += 2
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return result
  }
}
