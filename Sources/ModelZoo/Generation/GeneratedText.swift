/// A text that a model generated, and how that came about.
///
/// Its JSON is an object with the names of its properties. Names may be added.
public struct GeneratedText: Sendable, Hashable, Codable {
  /// Why a text ends where it does.
  public enum FinishReason: String, Sendable, Hashable, Codable {
    /// The model ended it, or a stop string came (`GenerationOptions.stop`).
    case stop
    /// It has as many tokens as it may: `GenerationOptions.maximumTokens`, or as many as the model takes with what is before them.
    case length
  }

  /// A token of a text, and how probable the model thought it was, before penalties, temperature and what else changes the
  /// choice.
  public struct Token: Sendable, Hashable, Codable {
    /// The token's place in the vocabulary.
    public var id: Int
    /// What it adds to the text. A character may take several tokens.
    public var bytes: [UInt8]
    /// The natural logarithm of its probability.
    public var logProbability: Float
    /// Those that were the most probable in its place, best first; as many as `GenerationOptions.logProbabilities` asks for.
    public var best: [Token]

    public init(id: Int, bytes: [UInt8], logProbability: Float, best: [Token] = []) {
      self.id = id
      self.bytes = bytes
      self.logProbability = logProbability
      self.best = best
    }
  }

  /// Without what is before it.
  public var text: String
  public var finishReason: FinishReason
  /// Tokens of the text or the conversation that it answers.
  public var promptTokenCount: Int
  /// Tokens of the text itself, its end not counted.
  public var tokenCount: Int
  /// Of the prompt's tokens, those that were not computed, since an earlier text began with them.
  public var reusedTokenCount: Int
  /// The text's tokens, where `GenerationOptions.logProbabilities` asks for them; one that ends the text is not among them.
  public var tokens: [Token]

  public init(
    text: String, finishReason: FinishReason, promptTokenCount: Int, tokenCount: Int, reusedTokenCount: Int = 0,
    tokens: [Token] = []
  ) {
    self.text = text
    self.finishReason = finishReason
    self.promptTokenCount = promptTokenCount
    self.tokenCount = tokenCount
    self.reusedTokenCount = reusedTokenCount
    self.tokens = tokens
  }
}

/// What comes of a text while it is generated.
public enum GenerationEvent: Sendable, Hashable {
  /// What is new of the text. All pieces together are `GeneratedText.text`.
  case piece(String)
  /// The whole text, when it is there: the last event.
  case end(GeneratedText)
}
