import JSON
import ZooCore

/// Text to tokens and back, as a `tokenizer.json` of Hugging Face describes it, or the metadata of a GGUF file
/// (`TokenizerMetadata`).
///
/// ```swift
/// let tokenizer = try Tokenizer(json: String(contentsOf: url, encoding: .utf8))
/// let ids = try tokenizer.encode("Hello, world")  // [101, 7592, 1010, 2088, 102]
/// print(try tokenizer.decode(ids))  // hello, world
/// ```
///
/// A text goes through these steps, each one a part of the file: added tokens are found, the rest is normalized, cut into
/// pieces (pre-tokenizer), made tokens (model), truncated, surrounded by special tokens (post-processor) and padded.
package struct Tokenizer: Sendable {
  private let added: AddedTokens
  private let normalizer: (any Normalizer)?
  private let preTokenizer: (any PreTokenizer)?
  private let model: any TokenModel
  private let postProcessor: (any PostProcessor)?
  private let decoder: (any TokenDecoder)?

  /// How texts that are too long are cut; `nil` if they aren't.
  package var truncation: Truncation?
  /// How texts are filled up; `nil` if they aren't.
  package var padding: Padding?

  /// The tokens that end what a model writes, where the file tells them.
  package let endTokens: Set<Int32>

  init(
    added: AddedTokens, normalizer: (any Normalizer)?, preTokenizer: (any PreTokenizer)?, model: any TokenModel,
    postProcessor: (any PostProcessor)?, decoder: (any TokenDecoder)?, endTokens: Set<Int32>
  ) {
    (self.added, self.normalizer, self.preTokenizer, self.model) = (added, normalizer, preTokenizer, model)
    (self.postProcessor, self.decoder, self.endTokens) = (postProcessor, decoder, endTokens)
  }

  /// The tokenizer that a model holds.
  ///
  /// - Throws: `ZooError`, as the initializers for texts and for a GGUF file's metadata.
  package init(_ source: TokenizerSource) throws {
    if let metadata = source.description as? TokenizerMetadata {
      self = try Tokenizer(metadata)
    } else {
      self = try Tokenizer(json: source.text)
    }
  }

  /// The tokenizer that the text of a tokenizer.json describes, or of a GGUF file's metadata (`TokenizerMetadata.json`).
  ///
  /// - Throws: `ZooError`: `badData` for a text that is no tokenizer.json, `unsupported` for one with a component that
  ///   is unknown here.
  package init(json text: String) throws {
    let document = try ZooError.locating("tokenizer.json") { try JSON(text) }
    if let metadata = try TokenizerMetadata(document) {
      self = try Tokenizer(metadata)
      return
    }
    do {
      let settings = Settings(document, "")
      normalizer = try settings.component("normalizer").map(makeNormalizer)
      preTokenizer = try settings.component("pre_tokenizer").map(makePreTokenizer)
      guard let model = settings.component("model") else { throw settings.missing("model", "an object") }
      self.model = try makeModel(model)
      postProcessor = try settings.component("post_processor").map(makePostProcessor)
      decoder = try settings.component("decoder").map(makeDecoder)
      let tokens = settings.value("added_tokens") == nil ? [] : try settings.components("added_tokens")
      added = try AddedTokens(tokens, normalizer: normalizer, Budget(for: text.utf8.count))
      endTokens = []
      truncation = try settings.component("truncation").map { try Truncation($0) }
      padding = try settings.component("padding").map { try Padding($0) }
    } catch let error as ZooError {
      throw error.located("tokenizer.json")
    }
  }

  /// One more than the greatest id, which is how many rows an embedding needs.
  package var vocabularySize: Int {
    let ids = [model.vocabulary, added.vocabulary].lazy.flatMap { $0.allTokens.lazy.map(\.id) }
    return ids.max().map { Int($0) + 1 } ?? 0
  }

  /// The id of a token; `nil` if there is no such token.
  package func id(of token: String) -> Int32? { added.vocabulary.id(of: token) ?? model.vocabulary.id(of: token) }

  /// The token of an id, as the vocabulary spells it; `nil` if there is none.
  package func token(of id: Int32) -> String? { added.vocabulary.token(of: id) ?? model.vocabulary.token(of: id) }

  /// Whether the token is one that stands for no text: `[CLS]`, `</s>`.
  package func isSpecial(_ id: Int32) -> Bool { token(of: id).map(added.isSpecial) ?? false }

  /// The texts of tokens that somebody added to the vocabulary: special ones, or others.
  func addedTexts(special: Bool) -> [String] { added.texts(special: special) }

  // MARK: - Text to tokens

  /// The ids of a text's tokens.
  ///
  /// - Parameters:
  ///   - addingSpecialTokens: Whether special tokens are put around the text, where the file says so.
  ///   - parsingSpecialTokens: Whether special tokens are found in the text. Where it is somebody's words, and not a
  ///     template's, they are text like any other.
  /// - Throws: `ZooError` (`badData`) for a text that a regular expression gives up on, or that has characters for
  ///   which there is no token, not even one for what is unknown, and where the file makes more of the text, or takes
  ///   longer for it, than any text needs.
  package func encode(
    _ text: String, addingSpecialTokens: Bool = true, parsingSpecialTokens: Bool = true
  ) throws -> [Int32] {
    try encoding(
      of: text, addingSpecialTokens: addingSpecialTokens, parsingSpecialTokens: parsingSpecialTokens
    ).ids
  }

  /// The ids of what a chat template wrote. Its special tokens are found, and none are added; `mark`, which `WordGuard` put
  /// into words of others, keeps those from being tokens, and is taken out.
  ///
  /// - Throws: as `encode` does.
  package func encode(written text: String, mark: Unicode.Scalar) throws -> [Int32] {
    let budget = Budget(for: text.utf8.count)
    var ids: [Int32] = []
    let whole = Piece(scalars: Array(text.unicodeScalars)[...], isFirst: true)
    for part in try added.splitWritten(whole, mark: mark, budget) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let piece): try appendMarked(piece, mark, to: &ids, budget)
      }
    }
    return ids
  }

  /// Appends the tokens of a piece in which special tokens that are spelled out have marks.
  private func appendMarked(_ piece: Piece, _ mark: Unicode.Scalar, to ids: inout [Int32], _ budget: Budget) throws {
    let clean = Piece(scalars: piece.scalars.filter { $0 != mark }[...], isFirst: piece.isFirst)
    let start = ids.count
    try appendNormalized(clean, special: false, to: &ids, budget)
    guard clean.scalars.count < piece.scalars.count, ids[start...].contains(where: isSpecial) else { return }
    // Where any two neighbours may be joined, they may be joined to a special token, too: not across a mark.
    ids.removeSubrange(start...)
    for part in piece.scalars.indices.split(whereSeparator: { piece.scalars[$0] == mark }) {
      guard let first = part.first, let last = part.last else { continue }
      try appendNormalized(piece[first..<last + 1], special: false, to: &ids, budget)
    }
  }

  /// The tokens of a text, or of two that a model takes together.
  ///
  /// - Throws: as `encode` does.
  package func encoding(
    of text: String, and second: String? = nil, addingSpecialTokens: Bool = true, parsingSpecialTokens: Bool = true
  ) throws -> Encoding {
    var batch = [try unpadded(text, second, addingSpecialTokens, parsingSpecialTokens)]
    padding?.apply(to: &batch)
    return batch[0]
  }

  /// The tokens of several texts, filled up to one length where `padding` says so.
  ///
  /// - Throws: as `encode` does.
  package func encodings(
    of texts: [String], addingSpecialTokens: Bool = true, parsingSpecialTokens: Bool = true
  ) throws -> [Encoding] {
    var batch = try texts.map { try unpadded($0, nil, addingSpecialTokens, parsingSpecialTokens) }
    padding?.apply(to: &batch)
    return batch
  }

  private func unpadded(
    _ first: String, _ second: String?, _ addsSpecialTokens: Bool, _ parsesSpecialTokens: Bool
  ) throws -> Encoding {
    let budget = Budget(for: first.utf8.count + (second?.utf8.count ?? 0))
    var parts = [Encoding(try ids(of: first, parsesSpecialTokens, budget), typeID: 0)]
    if let second { parts.append(Encoding(try ids(of: second, parsesSpecialTokens, budget), typeID: 1)) }
    let addedCount = addsSpecialTokens ? postProcessor?.addedCount(isPair: parts.count > 1) ?? 0 : 0
    try truncation?.apply(to: &parts, addedCount: addedCount)
    if addsSpecialTokens, let postProcessor { parts = try postProcessor.process(parts, budget) }
    return parts.dropFirst().reduce(into: parts[0]) { $0.append($1) }
  }

  /// The tokens that are in the text itself.
  private func ids(of text: String, _ special: Bool, _ budget: Budget) throws -> [Int32] {
    var ids: [Int32] = []
    let whole = Piece(scalars: Array(text.unicodeScalars)[...], isFirst: true)
    for part in try added.splitLiteral(whole, special: special, budget) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let piece): try appendNormalized(piece, special: special, to: &ids, budget)
      }
    }
    return ids
  }

  /// Appends the tokens of a piece in which no more tokens are looked for as they stand.
  private func appendNormalized(_ piece: Piece, special: Bool, to ids: inout [Int32], _ budget: Budget) throws {
    let text = try normalizer?.normalize(Array(piece.scalars), budget)[...] ?? piece.scalars
    let normalized = Piece(scalars: text, isFirst: piece.isFirst)
    for part in try added.splitNormalized(normalized, special: special, budget) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let piece): try tokenize(piece, into: &ids, budget)
      }
    }
  }

  private func tokenize(_ piece: Piece, into ids: inout [Int32], _ budget: Budget) throws {
    var pieces = [piece]
    if let preTokenizer {
      pieces = []
      try preTokenizer.split(piece, into: &pieces, budget)
    }
    for piece in pieces where !piece.scalars.isEmpty { try model.tokenize(piece.scalars, into: &ids, budget) }
  }

  // MARK: - Tokens to text

  /// What a token adds to a text behind others, which may end within a character; `nil` for one that stands for no text.
  package func bytes(of id: Int32) -> [UInt8]? {
    guard let token = token(of: id), !added.isSpecial(token) else { return nil }
    let text = Array(token.utf8)
    guard let decoder else { return text }
    if let bytes = decoder.bytes(of: text) { return bytes }
    // The first of a text may lose its space.
    let budget = Budget(for: 2 * text.count)
    guard let once = try? decoder.decode([text], budget).flatMap(\.self),
      let twice = try? decoder.decode([text, text], budget).flatMap(\.self), twice.starts(with: once)
    else { return nil }
    return Array(twice.dropFirst(once.count))
  }

  /// The text of tokens. Ids that the vocabulary does not have are left out.
  ///
  /// - Throws: `ZooError` (`badData`) for a text that a regular expression of the file gives up on, and where the file
  ///   makes more of the tokens, or takes longer for it, than any text needs.
  package func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool = true) throws -> String {
    let ids = Array(ids)
    let budget = Budget(for: ids.count)
    let tokens = try ids.compactMap { id -> [UInt8]? in
      guard let token = token(of: id), !skippingSpecialTokens || !added.isSpecial(token) else { return nil }
      try budget.spend(token.utf8.count)
      return Array(token.utf8)
    }
    let bytes = try decoder?.decode(tokens, budget).flatMap { $0 } ?? Array(tokens.joined(separator: [0x20]))
    return String(decoding: bytes, as: UTF8.self)
  }
}
