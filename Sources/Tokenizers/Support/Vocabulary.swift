import JSON
import ZooCore

/// Tokens by id and ids by token.
struct Vocabulary: Sendable {
  private var ids: [ExactText: Int32] = [:]
  private var tokens: [Int32: String] = [:]

  init() {}

  /// Tokens by id. One without a text has no id.
  init(_ tokens: [String]) {
    ids.reserveCapacity(tokens.count)
    self.tokens.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() where !token.isEmpty { insert(token, Int32(id)) }
  }

  /// The object of a tokenizer.json that gives each token its id.
  init(_ settings: Settings, _ name: String) throws {
    guard let members = settings.value(name)?.members else { throw settings.missing(name, "an object") }
    ids.reserveCapacity(members.count)
    tokens.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw ZooError(.badData, "the token \"\(member.name)\" has no id", at: "\(settings.path).\(name)")
      }
      insert(member.name, id)
    }
  }

  var count: Int { ids.count }
  var allTokens: some Sequence<(text: String, id: Int32)> { ids.lazy.map { ($0.key.text, $0.value) } }

  mutating func insert(_ token: String, _ id: Int32) {
    ids[ExactText(token)] = id
    tokens[id] = token
  }

  func id(of token: String) -> Int32? { ids[ExactText(token)] }
  func id(of token: ExactText) -> Int32? { ids[token] }
  func token(of id: Int32) -> String? { tokens[id] }

  /// The id of a token that must be there.
  func requiredID(of token: String, for name: String, _ settings: Settings) throws -> Int32 {
    guard let id = id(of: token) else {
      throw ZooError(.badData, "the \(name) \"\(token)\" is not in the vocabulary", at: settings.path)
    }
    return id
  }
}
