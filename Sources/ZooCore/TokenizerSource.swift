import Synchronization

/// What a model holds of its tokenizer: the text, or what that is made of when somebody asks for it. A vocabulary takes long
/// to become text, and who has just read it doesn't need it.
package final class TokenizerSource: Sendable, Hashable, Codable {
  private enum State {
    case text(String)
    case description(any Sendable, @Sendable () -> String)
  }

  private let state: Mutex<State>

  package init(_ text: String) { state = Mutex(.text(text)) }

  /// - Parameter text: Makes the text of `description`.
  package init(_ description: some Sendable, text: @escaping @Sendable () -> String) {
    state = Mutex(.description(description, text))
  }

  /// The description, as long as nobody asked for the text.
  package var description: (any Sendable)? {
    state.withLock {
      guard case .description(let description, _) = $0 else { return nil }
      return description
    }
  }

  package var text: String {
    state.withLock { state in
      switch state {
      case .text(let text): return text
      case .description(_, let make):
        let text = make()
        state = .text(text)
        return text
      }
    }
  }

  package static func == (left: TokenizerSource, right: TokenizerSource) -> Bool {
    left === right || left.text == right.text
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(text) }

  package convenience init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
