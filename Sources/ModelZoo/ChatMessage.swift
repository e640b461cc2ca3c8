/// One message of a conversation.
///
/// ```swift
/// let messages = [ChatMessage(role: .system, content: "Be brief."), ChatMessage(role: .user, content: "Why is the sky blue?")]
/// let answer = try model.predict(.messages(messages))
/// ```
public struct ChatMessage: Sendable, Hashable, Codable {
  /// Who says something. A model's chat template may know others than these.
  public struct Role: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public init(stringLiteral name: String) { rawValue = name }

    /// What the model is to be and do. Some models' templates refuse it.
    public static let system: Role = "system"
    /// Who asks.
    public static let user: Role = "user"
    /// The model.
    public static let assistant: Role = "assistant"
    /// What a function gave that the model asked for.
    public static let tool: Role = "tool"
  }

  public var role: Role
  public var content: String

  public init(role: Role, content: String) {
    self.role = role
    self.content = content
  }
}
