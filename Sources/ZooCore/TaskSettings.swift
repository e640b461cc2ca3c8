/// How a detector's answers are shown.
public struct DetectionSettings: Sendable, Hashable, Codable {
  /// Boxes with a lower score are left out of a prediction, though not of a measurement. 0…1
  public var scoreThreshold: Float

  public init(scoreThreshold: Float) { self.scoreThreshold = scoreThreshold }
}

/// How a text becomes a vector (Reimers and Gurevych 2019, "Sentence-BERT", section 3).
public struct EmbeddingSettings: Sendable, Hashable, Codable {
  public enum Pooling: String, Sendable, Hashable, Codable {
    /// The mean over the tokens.
    case mean
    /// The first token's.
    case first
    /// The greatest of each component.
    case maximum
    /// The network does it: its last output is the vector of each text, (N, width).
    case network
  }

  /// What is put before a text to say what it is for, such as `query: `.
  public struct Prompt: Sendable, Hashable, Codable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  public var pooling: Pooling
  /// Whether the vector is scaled to length 1.
  public var normalizes: Bool
  /// Tokens beyond this many, special ones included, are dropped.
  public var maximumLength: Int
  /// What texts can be given for.
  public var prompts: [Prompt]
  /// The prompt of texts for which none is chosen; `nil` for none.
  public var defaultPrompt: String?

  public init(
    pooling: Pooling = .mean, normalizes: Bool, maximumLength: Int, prompts: [Prompt] = [], defaultPrompt: String? = nil
  ) {
    self.pooling = pooling
    self.normalizes = normalizes
    self.maximumLength = maximumLength
    self.prompts = prompts
    self.defaultPrompt = defaultPrompt
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    pooling = try values.decode(Pooling.self, forKey: .pooling)
    normalizes = try values.decode(Bool.self, forKey: .normalizes)
    maximumLength = try values.decode(Int.self, forKey: .maximumLength)
    // Models of the first versions have none.
    prompts = try values.decodeIfPresent([Prompt].self, forKey: .prompts) ?? []
    defaultPrompt = try values.decodeIfPresent(String.self, forKey: .defaultPrompt)
  }

  /// The text of the prompt `name`, or of the default one; empty where there is none.
  ///
  /// - Throws: `ZooError` (`usage`) for a name that no prompt has.
  package func prompt(_ name: String?) throws -> String {
    guard let name = name ?? defaultPrompt else { return "" }
    guard let prompt = prompts.last(where: { $0.name == name }) else {
      let names = prompts.map(\.name).joined(separator: ", ")
      throw ZooError(
        .usage, "the model has no prompt named \"\(name)\"",
        advice: names.isEmpty ? "it has none at all" : "choose one of: \(names)")
    }
    return prompt.text
  }

  /// Checks that the default prompt is one of the prompts.
  ///
  /// - Throws: `ZooError` (`badData`).
  package func checkPrompts(at location: String) throws {
    guard let name = defaultPrompt, !prompts.contains(where: { $0.name == name }) else { return }
    throw ZooError(.badData, "the default prompt \"\(name)\" is not among the prompts", at: location)
  }
}

/// How a text, two texts, or the tokens of a text are classified.
public struct TextClassificationSettings: Sendable, Hashable, Codable {
  /// What the classes' scores are made of.
  public enum Scores: String, Sendable, Hashable, Codable {
    /// One class is the right one: the network's numbers are logits, and all probabilities together give 1.
    case softmax
    /// Each class is right or not, whatever the others are.
    case sigmoid
    /// The network's numbers themselves.
    case none
  }

  public var scores: Scores
  /// Tokens beyond this many, special ones included, are dropped; of two texts, those of the longer one.
  public var maximumLength: Int

  public init(scores: Scores, maximumLength: Int) {
    self.scores = scores
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
  /// Only tokens at least this many times as probable as the most probable one are drawn from; `nil` for all.
  public var minP: Float?
  /// Only the tokens whose information is the most usual, and that have this much probability together, are drawn from; `nil`
  /// for all.
  public var typicalP: Float?
  /// What logits of tokens that were there already are divided by, or multiplied with below zero; `nil` or 1 for nothing.
  public var repetitionPenalty: Float?
  /// How many of the last tokens penalties look at; `nil` for all.
  public var penaltyWindow: Int?

  public init(
    startToken: Int? = nil, endTokens: [Int], padToken: Int? = nil, maximumLength: Int, additionalLength: Int? = nil,
    beams: Int = 1, lengthPenalty: Float = 0, temperature: Float = 0, topK: Int? = nil, topP: Float? = nil,
    minP: Float? = nil, typicalP: Float? = nil, repetitionPenalty: Float? = nil, penaltyWindow: Int? = nil
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
    self.minP = minP
    self.typicalP = typicalP
    self.repetitionPenalty = repetitionPenalty
    self.penaltyWindow = penaltyWindow
  }
}

/// How a conversation becomes the text that a model goes on with.
public struct ChatSettings: Sendable, Hashable, Codable {
  /// A token that the template knows by name.
  public struct NamedToken: Sendable, Hashable, Codable {
    /// `bos_token`, `eos_token`
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  /// The model's chat template, in Jinja's language as Hugging Face's transformers sets it up.
  public var template: String
  public var tokens: [NamedToken]

  public init(template: String, tokens: [NamedToken] = []) {
    self.template = template
    self.tokens = tokens
  }
}
