import ZooCore

/// Keeps the words that people give a chat template from being read as control tokens.
///
/// A template puts special tokens (`<|im_start|>`) and people's words into one text. Where their words hold the text of
/// such a token, or end as one begins, a mark is put into it before the template sees it, behind its first character. The
/// tokenizer takes a token with a mark in it for text like any other, and the marks out.
package struct WordGuard: Sendable {
  /// Marks are one of these, which Unicode reserves for such use: they are no characters and never will be.
  private static let marks = (0xFDD0 as UInt32)...0xFDEF

  private let special: ScalarTrie
  /// Special tokens, and others that the template writes.
  private let all: ScalarTrie

  /// - Parameter template: The text of the chat template.
  package init(_ tokenizer: Tokenizer, template: String) {
    var special = ScalarTrie()
    for text in tokenizer.addedTexts(special: true) { special.insert(text.unicodeScalars, 0) }
    var all = special
    let template = template.utf8
    for text in tokenizer.addedTexts(special: false) where template.holds(text.utf8) {
      all.insert(text.unicodeScalars, 0)
    }
    (self.special, self.all) = (special, all)
  }

  /// A mark that none of `texts` holds.
  ///
  /// - Throws: `ZooError` (`badInput`) where they hold all there are.
  package static func mark(for texts: [String]) throws -> Unicode.Scalar {
    var free = Set(marks)
    for text in texts {
      for scalar in text.unicodeScalars where marks.contains(scalar.value) { free.remove(scalar.value) }
    }
    guard let mark = free.min().flatMap({ Unicode.Scalar($0) }) else {
      throw ZooError(.badInput, "the messages hold all of Unicode's reserved characters from U+FDD0 to U+FDEF")
    }
    return mark
  }

  /// `text` with a mark in each token that it holds or may be the beginning of.
  ///
  /// - Parameter isModels: Whether the model wrote it, which may use tokens that are not special.
  package func marked(_ text: String, _ mark: Unicode.Scalar, isModels: Bool) -> String {
    let trie = isModels ? special : all
    guard !trie.isEmpty else { return text }
    let scalars = Array(text.unicodeScalars)
    // What a template may cut off before its own words follow.
    let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { $0 + 1 } ?? 0
    var result = String.UnicodeScalarView()
    for place in scalars.indices {
      result.append(scalars[place])
      if trie.begins(in: scalars, at: place, end: end) { result.append(mark) }
    }
    return String(result)
  }
}

extension ScalarTrie {
  /// Whether a text of the tree begins at `place`, or what follows until `end`, or until the last, is the beginning of one.
  fileprivate func begins(in text: [Unicode.Scalar], at place: Int, end: Int) -> Bool {
    var node = Self.root
    for next in place..<text.count {
      guard let child = child(of: node, text[next]) else { return false }
      node = child
      if value(at: node) != nil || next + 1 == end { return true }
    }
    return true
  }
}

extension Collection<UInt8> {
  /// Whether `part` occurs in it.
  fileprivate func holds(_ part: some Collection<UInt8>) -> Bool {
    guard let first = part.first else { return true }
    var rest = self[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: part) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
