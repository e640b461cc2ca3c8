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

    init(text: String, id: Int32, isSpecial: Bool, stripsLeft: Bool, stripsRight: Bool) {
      (self.text, self.id, self.isSpecial) = (text, id, isSpecial)
      (self.stripsLeft, self.stripsRight) = (stripsLeft, stripsRight)
      (isWord, isNormalized) = (false, false)
    }

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
  /// The same without special tokens, for texts that must not have any.
  private var plainLiteral = ScalarTrie()
  private var plainNormalized = ScalarTrie()
  /// Special tokens that are looked for in the normalized text, as they stand: so a template writes them.
  private var written = ScalarTrie()

  init(_ settings: [Settings], normalizer: (any Normalizer)?, _ budget: Budget) throws {
    tokens = try settings.map(Token.init)
    for (index, token) in tokens.enumerated() where !token.text.isEmpty {
      vocabulary.insert(token.text, token.id)
      if token.isSpecial { special.insert(ExactText(token.text)) }
      let text = Array(token.text.unicodeScalars)
      if token.isNormalized {
        if token.isSpecial { written.insert(text, Int32(index)) }
        let text = try normalizer?.normalize(text, budget) ?? text
        if !text.isEmpty { insert(text, index, into: \.normalized, \.plainNormalized) }
      } else {
        insert(text, index, into: \.literal, \.plainLiteral)
      }
    }
  }

  /// Control tokens and those that somebody added.
  init(_ metadata: TokenizerMetadata) {
    let isPhi = ["phi-3", "phi3"].contains { metadata.name?.lowercased().contains($0) == true }
    let takesSpaceBefore =
      ["jina-v2-de", "jina-v2-es", "jina-v2-code"].contains(metadata.preTokenizer)
      || ["nomic-bert-moe", "jina-bert-v3"].contains(metadata.architecture)
    tokens = metadata.tokens.enumerated().compactMap { id, text in
      let kind = metadata.kind(of: id)
      guard [.control, .userDefined, .unknown].contains(kind), !text.isEmpty else { return nil }
      return Token(
        text: text, id: Int32(id), isSpecial: kind != .userDefined, stripsLeft: takesSpaceBefore && text == "<mask>",
        stripsRight: isPhi && !["<unk>", "<s>", "<|endoftext|>"].contains(text))
    }
    for (index, token) in tokens.enumerated() {
      vocabulary.insert(token.text, token.id)
      if token.isSpecial { special.insert(ExactText(token.text)) }
      insert(Array(token.text.unicodeScalars), index, into: \.literal, \.plainLiteral)
    }
  }

  private mutating func insert(
    _ text: [Unicode.Scalar], _ index: Int, into all: WritableKeyPath<AddedTokens, ScalarTrie>,
    _ plain: WritableKeyPath<AddedTokens, ScalarTrie>
  ) {
    self[keyPath: all].insert(text, Int32(index))
    if !tokens[index].isSpecial { self[keyPath: plain].insert(text, Int32(index)) }
  }

  func isSpecial(_ token: String) -> Bool { special.contains(ExactText(token)) }

  /// The texts of tokens that are special, or of those that aren't.
  func texts(special isSpecial: Bool) -> [String] {
    tokens.filter { $0.isSpecial == isSpecial && !$0.text.isEmpty }.map(\.text)
  }

  /// Cuts a text as it stands.
  func splitLiteral(_ piece: Piece, special: Bool, _ budget: Budget) throws -> [Part] {
    try split(piece, special ? literal : plainLiteral, budget)
  }

  /// Cuts a text that a template wrote: all special tokens are found as they stand. A token that `mark` follows is none.
  func splitWritten(_ piece: Piece, mark: Unicode.Scalar, _ budget: Budget) throws -> [Part] {
    try split(piece, literal, mark: mark, budget).flatMap { part in
      guard case .text(let piece) = part else { return [part] }
      return try split(piece, written, mark: mark, budget)
    }
  }

  /// Cuts a normalized text.
  func splitNormalized(_ piece: Piece, special: Bool, _ budget: Budget) throws -> [Part] {
    try split(piece, special ? normalized : plainNormalized, budget)
  }

  private func split(
    _ piece: Piece, _ trie: ScalarTrie, mark: Unicode.Scalar? = nil, _ budget: Budget
  ) throws -> [Part] {
    let text = piece.scalars
    guard !trie.isEmpty else { return text.isEmpty ? [] : [.text(piece)] }
    var parts: [Part] = []
    // All before `begin` is in `parts`.
    var begin = text.startIndex
    var place = begin
    while place < text.endIndex {
      guard let (found, index) = try trie.longest(in: text, from: place, budget),
        mark == nil || found == text.endIndex || text[found] != mark
      else {
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
