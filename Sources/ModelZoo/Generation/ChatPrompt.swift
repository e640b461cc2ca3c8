import ChatTemplate
import JSON
import Tokenizers
import ZooCore

/// How a model wants to read conversations, ready for use.
struct ChatPrompt: Sendable {
  private let template: ChatTemplate
  private let templateText: String
  private let specialTokens: [(name: String, text: String)]
  private let words: WordGuard

  /// - Throws: `ZooError` (`badData`, `unsupported`) for a template that is none.
  init(_ settings: ChatSettings, _ tokenizer: Tokenizer) throws {
    template = try ChatTemplate(settings.template)
    templateText = settings.template
    specialTokens = settings.tokens.map { ($0.name, $0.text) }
    words = WordGuard(tokenizer, template: settings.template)
  }

  /// The tokens of a conversation that is the model's turn to go on with. What messages hold stays text: only the template
  /// writes control tokens.
  ///
  /// - Throws: `ZooError`: `badInput` where there are no messages and where the template refuses them, and what the template
  ///   and the tokenizer throw.
  func tokens(of messages: [ChatMessage], _ tokenizer: Tokenizer) throws -> [Int] {
    guard !messages.isEmpty else {
      throw ZooError(.badInput, "there are no messages to answer", advice: "give at least one of the role user")
    }
    let texts = [templateText] + messages.flatMap { [$0.role.rawValue, $0.content] }
    let mark = try WordGuard.mark(for: texts)
    let marked = messages.map { message in
      let isModels = message.role == .assistant
      return JSON.object(
        [("role", message.role.rawValue), ("content", message.content)].map { name, text in
          JSON.Member(name: name, value: .text(words.marked(text, mark, isModels: isModels)))
        })
    }
    let text = try template.render(
      messages: .list(marked), addsGenerationPrompt: true, specialTokens: specialTokens)
    return try tokenizer.encode(written: text, mark: mark).map(Int.init)
  }
}
