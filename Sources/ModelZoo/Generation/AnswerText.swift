import Tokenizers

/// The text of an answer that grows token by token, up to the first stop string.
final class AnswerText {
  private var decoder: IncrementalDecoder
  private var scanner: StopScanner
  private var tokenCount = 0
  private(set) var text = ""

  /// Whether a stop string ended it.
  var isStopped: Bool { scanner.isAtEnd }

  /// How a token reads may depend on so many before it.
  private static let context = 16

  /// - Parameter beginning: The tokens that it goes on from; none where it stands for itself.
  init(_ tokenizer: Tokenizer, after beginning: [Int], stop: [String]) throws {
    decoder = IncrementalDecoder(tokenizer)
    scanner = StopScanner(stop)
    for token in beginning.suffix(Self.context) { _ = try decoder.append(Int32(token)) }
  }

  /// What is new of the text when its tokens are `tokens`, those from before included.
  func piece(_ tokens: ArraySlice<Int>) throws -> String {
    var piece = ""
    for token in tokens.dropFirst(tokenCount) where !isStopped {
      piece += scanner.next(try decoder.append(Int32(token)))
      tokenCount += 1
    }
    text += piece
    return piece
  }

  /// The rest of the text, when no more tokens come.
  func rest() throws -> String {
    guard !isStopped else { return "" }
    var rest = scanner.next(try decoder.finish())
    if !isStopped { rest += scanner.finish() }
    text += rest
    return rest
  }
}

/// Cuts a text that comes in pieces before the first of some strings. What may be the beginning of one is held back.
struct StopScanner {
  private let stops: [[UInt8]]
  /// What came and is not out.
  private var held: [UInt8] = []
  private(set) var isAtEnd = false

  init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

  /// What of the text is certain when `piece` has come.
  mutating func next(_ piece: String) -> String {
    guard !stops.isEmpty, !piece.isEmpty else { return piece }
    guard !isAtEnd else { return "" }
    held += piece.utf8
    for place in held.indices {
      let rest = held[place...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        isAtEnd = true
        defer { held = [] }
        return String(decoding: held[..<place], as: UTF8.self)
      }
      if stops.contains(where: { $0.starts(with: rest) }) { return take(place) }
    }
    return take(held.count)
  }

  /// What was held back for nothing, when nothing more comes.
  mutating func finish() -> String {
    guard !isAtEnd else { return "" }
    let end = held.indices.first { place in stops.contains { held[place...].starts(with: $0) } }
    isAtEnd = end != nil
    defer { held = [] }
    return String(decoding: held[..<(end ?? held.count)], as: UTF8.self)
  }

  private mutating func take(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }
}
