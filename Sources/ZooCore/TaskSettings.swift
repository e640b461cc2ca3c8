/// How a detector's answers are shown.
public struct DetectionSettings: Sendable, Hashable, Codable {
  /// Boxes with a lower score are left out of a prediction, though not of a measurement. 0…1
  public var scoreThreshold: Float

  public init(scoreThreshold: Float) { self.scoreThreshold = scoreThreshold }
}

/// How the vectors that an encoder gives for the tokens of a text become one vector (Reimers and Gurevych 2019,
/// "Sentence-BERT", section 3).
public struct EmbeddingSettings: Sendable, Hashable, Codable {
  public enum Pooling: String, Sendable, Hashable, Codable {
    /// The mean over the tokens.
    case mean
    /// The first token's.
    case first
    /// The greatest of each component.
    case maximum
  }

  public var pooling: Pooling
  /// Whether the vector is scaled to length 1.
  public var normalizes: Bool
  /// Tokens beyond this many, special ones included, are dropped.
  public var maximumLength: Int

  public init(pooling: Pooling = .mean, normalizes: Bool, maximumLength: Int) {
    self.pooling = pooling
    self.normalizes = normalizes
    self.maximumLength = maximumLength
  }
}

/// How tokens are generated. The names of the values are those of Hugging Face's generation_config.json where it has them.
public struct GenerationSettings: Sendable, Hashable, Codable {
  /// What a decoder begins with; `nil` where the prompt is the beginning.
  public var startToken: Int?
  /// Any of these ends a text.
  public var endTokens: [Int]
  public var padToken: Int?
  /// The most tokens that the network takes, of a source or of a text and its continuation.
  public var maximumLength: Int
  /// The most tokens that are generated beyond as many as the source has; `nil` for no limit but `maximumLength`.
  public var additionalLength: Int?
  /// Hypotheses that are followed at once; 1 is greedy search.
  public var beams: Int
  /// The exponent α of the length penalty ((5 + length) / 6)^α (Wu et al. 2016, equation 14).
  public var lengthPenalty: Float
  /// Logits are divided by this before a token is drawn; 0 takes the most probable one always.
  public var temperature: Float
  /// Only so many of the most probable tokens are drawn from; `nil` for all.
  public var topK: Int?
  /// Only the most probable tokens that have this much probability together are drawn from; `nil` for all.
  public var topP: Float?

  public init(
    startToken: Int? = nil, endTokens: [Int], padToken: Int? = nil, maximumLength: Int, additionalLength: Int? = nil,
    beams: Int = 1, lengthPenalty: Float = 0, temperature: Float = 0, topK: Int? = nil, topP: Float? = nil
  ) {
    self.startToken = startToken
    self.endTokens = endTokens
    self.padToken = padToken
    self.maximumLength = maximumLength
    self.additionalLength = additionalLength
    self.beams = beams
    self.lengthPenalty = lengthPenalty
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
  }
}
