import ModelZoo

/// A request for a text, in the form of OpenAI's API.
struct CompletionRequest: Sendable {
  /// Which of the two calls it is.
  enum Kind: Sendable {
    case chat, text
  }

  var kind: Kind
  var model: String
  var input: Input
  var options = GenerationOptions()
  var isStreamed = false
  /// Whether a stream ends with the counts of tokens.
  var streamsUsage = false
  /// What the answer begins with: the prompt itself, where that is asked for.
  var echo = ""

  static let mostMessages = 4096
  static let mostStops = 16

  /// - Throws: `Failure` (400).
  init(_ kind: Kind, _ body: [UInt8], limits: ServerLimits) throws {
    let members = try RequestMembers(body)
    self.kind = kind
    model = try members.requiredString("model")
    switch kind {
    case .chat: input = .messages(try Self.messages(members))
    case .text:
      let prompt = try Self.prompt(members)
      input = .text(prompt)
      if try members.bool("echo") ?? false { echo = prompt }
    }
    try members.refuse(
      "tools", "functions", "suffix", "audio", unless: { try $0.array()?.isEmpty ?? false })
    for name in ["n", "best_of"] where try members.int(name) ?? 1 != 1 {
      throw Failure(.badRequest, "\(name) can only be 1: one text is generated for a request")
    }
    options.logProbabilities = try Self.logProbabilities(kind, members)
    options.presencePenalty = try members.double("presence_penalty").map { Float($0) }
    options.frequencyPenalty = try members.double("frequency_penalty").map { Float($0) }
    options.logitBias = try Self.biases(members)
    options.format = try Self.format(members)
    options.temperature = try members.double("temperature").map { Float($0) }
    options.topP = try members.double("top_p").map { Float($0) }
    // Who gives no seed wants no two texts to be the same.
    options.seed =
      try members.int("seed").map { UInt64(bitPattern: Int64($0)) } ?? .random(in: 0...(.max))
    let most = try members.int("max_completion_tokens") ?? members.int("max_tokens")
    guard most ?? 1 > 0 else { throw Failure(.badRequest, "max_tokens is a number of 1 or more") }
    options.maximumTokens = min(most ?? (kind == .text ? 16 : limits.tokens), limits.tokens)
    options.stop = try Self.stops(members)
    isStreamed = try members.bool("stream") ?? false
    streamsUsage = try members["stream_options"]?.object()?["include_usage"]?.bool ?? false
    guard !isStreamed || options.logProbabilities == nil else {
      throw Failure(.badRequest, "logprobs are not there in streams")
    }
  }

  /// How many alternatives of each token are told; `nil` where nothing is told of tokens.
  private static func logProbabilities(_ kind: Kind, _ members: RequestMembers) throws -> Int? {
    switch kind {
    case .text: return try members.int("logprobs")
    case .chat:
      let count = try members.int("top_logprobs")
      guard try members.bool("logprobs") ?? false else {
        guard count == nil else {
          throw Failure(.badRequest, "top_logprobs needs logprobs to be true")
        }
        return nil
      }
      return count ?? 0
    }
  }

  private static func biases(_ members: RequestMembers) throws -> [Int: Float] {
    guard let value = members["logit_bias"] else { return [:] }
    guard let biases = try value.object() else {
      throw Failure(.badRequest, "logit_bias is no object")
    }
    var made: [Int: Float] = [:]
    for (token, bias) in biases {
      guard let token = Int(token), let bias = bias.double else {
        throw Failure(.badRequest, "logit_bias has numbers by token")
      }
      made[token] = Float(bias)
    }
    return made
  }

  private static func format(_ members: RequestMembers) throws -> GenerationOptions.Format? {
    guard let value = members["response_format"] else { return nil }
    let format = try value.object()
    switch format?["type"]?.string {
    case "text": return nil
    case "json_object": return .json
    case "json_schema":
      guard let schema = try format?["json_schema"]?.object()?["schema"] else {
        throw Failure(.badRequest, "response_format has no json_schema.schema")
      }
      return .schema(String(decoding: schema.text[schema.range], as: UTF8.self))
    default: throw Failure(.badRequest, "response_format is text, json_object or json_schema")
    }
  }

  private static func messages(_ members: RequestMembers) throws -> [ChatMessage] {
    guard let messages = try members["messages"]?.array(), !messages.isEmpty,
      messages.count <= mostMessages
    else {
      throw Failure(.badRequest, "messages is an array with a message at least")
    }
    return try messages.map { message in
      guard let fields = try message.object(), let role = fields["role"]?.string else {
        throw Failure(.badRequest, "a message has no role")
      }
      return ChatMessage(
        role: ChatMessage.Role(rawValue: role), content: try content(fields["content"]))
    }
  }

  /// A text, or parts that are texts.
  private static func content(_ value: JSONValue?) throws -> String {
    guard let value, !value.isNull else { throw Failure(.badRequest, "a message has no content") }
    if let text = value.string { return text }
    guard let parts = try value.array() else {
      throw Failure(.badRequest, "a message's content is no text")
    }
    return try parts.map { part in
      guard let fields = try part.object(), fields["type"]?.string == "text",
        let text = fields["text"]?.string
      else {
        throw Failure(.badRequest, "a message's content has a part that is no text")
      }
      return text
    }.joined()
  }

  private static func prompt(_ members: RequestMembers) throws -> String {
    if let text = members["prompt"]?.string { return text }
    guard let texts = try members["prompt"]?.array(), texts.count == 1, let text = texts[0].string
    else {
      throw Failure(.badRequest, "prompt is a text, one for a request")
    }
    return text
  }

  private static func stops(_ members: RequestMembers) throws -> [String] {
    guard let stop = members["stop"] else { return [] }
    if let text = stop.string { return text.isEmpty ? [] : [text] }
    guard let texts = try stop.array()?.map(\.string), texts.count <= mostStops,
      !texts.contains(nil)
    else {
      throw Failure(.badRequest, "stop is a text, or an array of at most \(mostStops)")
    }
    return texts.compactMap { $0 }.filter { !$0.isEmpty }
  }
}
