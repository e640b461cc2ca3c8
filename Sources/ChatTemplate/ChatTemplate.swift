import JSON
import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A model's chat template: how it wants to read a conversation, in Jinja's language as `transformers` sets it up.
///
/// ```swift
/// let template = try ChatTemplate("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}")
/// let messages = try JSON(#"[{"role":"user","content":"Hello"}]"#)
/// print(try template.render(messages: messages))  // <user>Hello
/// ```
///
/// A template comes with a model from a stranger. It has no way out: it sees what it is given and the date, and what it may
/// do and make is limited by the size of that.
package struct ChatTemplate: Sendable {
  /// The longest that is read, in bytes; published ones have a hundredth of it.
  package static let greatestSize = 1 << 20

  private let statements: [Statement]
  private let size: Int

  /// The template whose text this is.
  ///
  /// - Throws: `ZooError` with the line: `badData` for what is no template, `unsupported` for tags that need other files.
  package init(_ text: String) throws {
    size = text.utf8.count
    guard size <= Self.greatestSize else {
      throw ZooError(
        .badData, "the template has \(size) bytes, more than any model needs", at: Self.place, advice: Meter.advice)
    }
    statements = try ZooError.locating(Self.place) { try Parser.parse(text) }
  }

  private static let place = "chat template"

  /// What the template makes of these variables.
  ///
  /// - Parameter time: Seconds since 1970 for `strftime_now`; the clock's without it.
  /// - Throws: `ZooError` with the line: `badInput` where the template refuses the messages, `badData` for what it does
  ///   wrong and where it does more than it may, `unsupported` for filters and tests that are unknown here.
  package func render(_ variables: [(name: String, value: JSON)], time: Int? = nil) throws -> String {
    let meter = Meter(for: variables.reduce(size) { $0 + $1.value.size })
    return try ZooError.locating(Self.place) {
      let values = try variables.map { ($0.name, try Value($0.value, meter)) }
      return try Renderer(meter, time: time ?? Self.now).render(statements, values)
    }
  }

  /// The clock's seconds since 1970.
  private static var now: Int { Int(time(nil)) }

  /// A conversation as the model wants to read it: what `transformers` calls `apply_chat_template`.
  ///
  /// - Parameters:
  ///   - messages: A list of objects with `role`, `content` and what else the template knows.
  ///   - tools: A list of functions that the model may call, as JSON schema describes them.
  ///   - addsGenerationPrompt: Whether the beginning of the model's answer follows.
  ///   - specialTokens: The tokenizer's, by name: `bos_token`, `eos_token`.
  ///   - settings: Further variables, such as `enable_thinking`.
  /// - Throws: as `render(_:time:)` does; `badInput` where `messages` is no list of objects.
  package func render(
    messages: JSON, tools: JSON? = nil, documents: JSON? = nil, addsGenerationPrompt: Bool = false,
    specialTokens: [(name: String, text: String)] = [], settings: [(name: String, value: JSON)] = [], time: Int? = nil
  ) throws -> String {
    var variables: [(name: String, value: JSON)] = [
      ("messages", try Self.normalized(messages)), ("tools", tools ?? .null), ("documents", documents ?? .null),
      ("add_generation_prompt", .bool(addsGenerationPrompt)),
    ]
    variables += specialTokens.map { ($0.name, .text($0.text)) }
    variables += settings
    return try render(variables, time: time)
  }

  /// The names that reasoning is given under. Templates read one of the first two.
  private static let reasoningNames = ["reasoning_content", "thinking", "reasoning"]

  /// Messages with their reasoning under every name that a template may look for.
  private static func normalized(_ messages: JSON) throws -> JSON {
    guard case .list(let items) = messages else {
      throw ZooError(.badInput, "the messages are no list", advice: "give a list of objects with role and content")
    }
    return .list(
      try items.map { message in
        guard case .object(var members) = message else {
          throw ZooError(.badInput, "a message is no object", advice: "give it a role and a content")
        }
        members.removeAll { $0.value.isNull }
        let given = reasoningNames.lazy.compactMap { name in members.last { $0.name == name }?.value }.first
        guard let given else { return .object(members) }
        if !members.contains(where: { $0.name == "thinking" }) {
          members.insert(JSON.Member(name: "thinking", value: given), at: 0)
        }
        if let place = members.lastIndex(where: { $0.name == "reasoning_content" }) {
          members[place] = JSON.Member(name: "reasoning_content", value: given)
        } else {
          members.append(JSON.Member(name: "reasoning_content", value: given))
        }
        return .object(members)
      })
  }
}

extension Value {
  /// The value that a template sees.
  init(_ json: JSON, _ meter: Meter) throws {
    switch json {
    case .null: self = .none
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = .number(number)
    case .text(let text): self = .text(text)
    case .list(let items): self = .list(try Items(items.map { try Value($0, meter) }, meter))
    case .object(let members):
      var table = Table()
      for member in members { try table.set(member.name, try Value(member.value, meter), meter) }
      self = .dictionary(table)
    }
  }
}

extension JSON {
  /// What it takes in memory, about.
  fileprivate var size: Int {
    switch self {
    case .null, .bool, .integer, .number: 16
    case .text(let text): 16 + text.utf8.count
    case .list(let items): items.reduce(16) { $0 + $1.size }
    case .object(let members): members.reduce(16) { $0 + 16 + $1.name.utf8.count + $1.value.size }
    }
  }
}
