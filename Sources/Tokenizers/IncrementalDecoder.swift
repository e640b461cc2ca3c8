/// Makes text of tokens that come one by one, as a model writes them.
///
/// ```swift
/// var decoder = IncrementalDecoder(tokenizer)
/// for id in ids { print(try decoder.append(id), terminator: "") }
/// print(try decoder.finish())
/// ```
///
/// The pieces together are what `Tokenizer.decode` makes of all tokens. None of them ends within a character.
package struct IncrementalDecoder: Sendable {
  /// What a byte shows as whose character is not complete.
  private static let replacement = "\u{FFFD}".utf8
  /// So many tokens without text are no beginning of a character, but bytes that are no text.
  private static let mostPending = 16

  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// The tokens whose text is not out yet, and before them a few whose text is: how a token reads may depend on those.
  private var window: [Int32] = []
  /// How many of `window` belong to what is out.
  private var settledCount = 0
  /// What of the window's text is out, in bytes of UTF-8.
  private var emitted: [UInt8] = []

  package init(_ tokenizer: Tokenizer, skippingSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skippingSpecialTokens
  }

  /// The text that `id` completes; empty if it ends within a character.
  ///
  /// - Throws: as `Tokenizer.decode` does.
  package mutating func append(_ id: Int32) throws -> String {
    window.append(id)
    let text = try decodedWindow()
    var complete = text[...]
    if window.count - settledCount <= Self.mostPending {
      while complete.suffix(3).elementsEqual(Self.replacement) { complete.removeLast(3) }
    }
    let piece = advance(to: Array(complete))
    // Nothing is pending: only the tokens since then are needed to read the next.
    if complete.count == text.count, !piece.isEmpty {
      window.removeFirst(settledCount)
      settledCount = window.count
      emitted = try decodedWindow()
    }
    return piece
  }

  /// The text of tokens that never became a whole character.
  ///
  /// - Throws: as `Tokenizer.decode` does.
  package mutating func finish() throws -> String {
    defer {
      window = []
      settledCount = 0
      emitted = []
    }
    return advance(to: try decodedWindow())
  }

  private func decodedWindow() throws -> [UInt8] {
    try Array(tokenizer.decode(window, skippingSpecialTokens: skipsSpecialTokens).utf8)
  }

  /// What `text` has more than what is out.
  private mutating func advance(to text: [UInt8]) -> String {
    guard text.count > emitted.count else { return "" }
    let piece = String(decoding: text[emitted.count...], as: UTF8.self)
    emitted = text
    return piece
  }
}
