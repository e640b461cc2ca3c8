import JSON
import ZooCore

/// Tokens that are found in a text before anything else is done with it, special ones (`[CLS]`, `</s>`) among them.
struct AddedTokens: Sendable {
  private struct Token {
    let text: String
    let id: Int32
    let isSpecial: Bool
    /// Whether it must not be a part of a longer word.
    let isWord: Bool
    /// Whether white space before it, or behind it, is a part of it.
    let stripsLeft: Bool
    let stripsRight: Bool
    /// Whether it is looked for in the normalized text.
    let isNormalized: Bool

    init(_ settings: Settings) throws {
      text = try settings.text("content")
      id = try settings.id("id")
      isSpecial = try settings.bool("special", default: false)
      isWord = try settings.bool("single_word", default: false)
      stripsLeft = try settings.bool("lstrip", default: false)
      stripsRight = try settings.bool("rstrip", default: false)
      isNormalized = try settings.bool("normalized", default: !isSpecial)
    }
  }

  /// What a text is cut into.
  enum Part {
    case text(Piece)
    case token(Int32)
  }

  private let tokens: [Token]
  private(set) var vocabulary = Vocabulary()
  private var special: Set<ExactText> = []
  /// Indices of `tokens` by their text as it stands, and as the normalizer leaves it.
  private var literal = ScalarTrie()
  private var normalized = ScalarTrie()

  init(_ settings: [Settings], normalizer: (any Normalizer)?, _ budget: Budget) throws {
    tokens = try settings.map(Token.init)
    for (index, token) in tokens.enumerated() where !token.text.isEmpty {
      vocabulary.insert(token.text, token.id)
      if token.isSpecial { special.insert(ExactText(token.text)) }
      let text = Array(token.text.unicodeScalars)
      if token.isNormalized {
        let text = try normalizer?.normalize(text, budget) ?? text
        if !text.isEmpty { normalized.insert(text, Int32(index)) }
      } else {
        literal.insert(text, Int32(index))
      }
    }
  }

  func isSpecial(_ token: String) -> Bool { special.contains(ExactText(token)) }

  /// Cuts a text as it stands.
  func splitLiteral(_ piece: Piece, _ budget: Budget) throws -> [Part] { try split(piece, literal, budget) }

  /// Cuts a normalized text.
  func splitNormalized(_ piece: Piece, _ budget: Budget) throws -> [Part] { try split(piece, normalized, budget) }

  private func split(_ piece: Piece, _ trie: ScalarTrie, _ budget: Budget) throws -> [Part] {
    let text = piece.scalars
    guard !trie.isEmpty else { return text.isEmpty ? [] : [.text(piece)] }
    var parts: [Part] = []
    // All before `begin` is in `parts`.
    var begin = text.startIndex
    var place = begin
    while place < text.endIndex {
      guard let (found, index) = try trie.longest(in: text, from: place, budget) else {
        place += 1
        continue
      }
      let token = tokens[Int(index)]
      var start = place
      var end = found
      place = end
      if token.isWord {
        let follows = start > text.startIndex && text[start - 1].isWordCharacter
        let isFollowed = end < text.endIndex && text[end].isWordCharacter
        if follows || isFollowed { continue }
      }
      if token.stripsLeft { while start > begin, text[start - 1].isWhiteSpace { start -= 1 } }
      if token.stripsRight { while end < text.endIndex, text[end].isWhiteSpace { end += 1 } }
      if begin < start { parts.append(.text(piece[begin..<start])) }
      parts.append(.token(token.id))
      begin = end
      place = max(place, end)
    }
    if begin < text.endIndex { parts.append(.text(piece[begin..<text.endIndex])) }
    return parts
  }
}
