/// What a caller wants otherwise than the model's own settings have it.
///
/// ```swift
/// let options = GenerationOptions(temperature: 0.8, topP: 0.95, seed: 7)
/// let answer = try model.predict(.text("Once upon a time"), generation: options)
/// ```
/// What is done to the probabilities of the next token is done in the order of Hugging Face's transformers: bias, penalties,
/// temperature, top k, top p, min p, typical p.
public struct GenerationOptions: Sendable, Hashable {
  /// What form an answer has. A text that ends by its length may be the beginning of such a form only.
  public enum Format: Sendable, Hashable, Codable {
    /// A JSON object.
    case json
    /// JSON that satisfies a schema, which is JSON itself (json-schema.org). Docs/generation.md says which.
    case schema(String)
  }

  /// Hypotheses that are followed at once; 1 is greedy search.
  public var beams: Int?
  /// The most tokens that are generated, the end counted.
  public var maximumTokens: Int?
  /// Logits are divided by this before a token is drawn; 0 takes the most probable one always.
  public var temperature: Float?
  /// Only so many of the most probable tokens are drawn from.
  public var topK: Int?
  /// Only the most probable tokens that have this much probability together are drawn from.
  public var topP: Float?
  /// Only tokens at least this many times as probable as the most probable one are drawn from.
  public var minP: Float?
  /// Only the tokens whose information is nearest to what is expected of the next one, and that have this much probability
  /// together, are drawn from (Meister et al. 2023, "Locally Typical Sampling").
  public var typicalP: Float?
  /// What logits above zero of tokens that were there already are divided by, and others multiplied with (Keskar et al. 2019,
  /// "CTRL", section 4.1); 1 is none. Penalties look at what is before the answer, too.
  public var repetitionPenalty: Float?
  /// What is taken from logits of tokens that were there already.
  public var presencePenalty: Float?
  /// What is taken from a token's logit for each time that it was there.
  public var frequencyPenalty: Float?
  /// How many of the last tokens penalties look at; all without it.
  public var penaltyWindow: Int?
  /// What is added to logits, by token.
  public var logitBias: [Int: Float]
  /// Texts before the first of which the answer ends, wherever tokens begin.
  public var stop: [String]
  /// The answer's form, if it has to have one: no token is chosen that doesn't fit.
  public var format: Format?
  /// Whether each token's probability is told (`GeneratedText.tokens`), and of how many that were the most probable there.
  public var logProbabilities: Int?
  /// The same seed draws the same text.
  public var seed: UInt64
  /// Whether greedy search of one text may guess several tokens with weights rounded to 8 bits, and check them in one
  /// step of the network. That is faster and chooses the same tokens, but holds a quarter more of weights. It is done
  /// for large models at `Precision.float32` only, and once enough was generated.
  public var guesses: Bool
  /// Whether what the model computed for earlier texts that begin with the same tokens is used again, and this text's is kept.
  /// Models that go on with texts keep that of the last few, in a quarter of `Model.Options.memoryLimit` or 512 MiB at most.
  public var reusesPrompts: Bool

  public init(
    beams: Int? = nil, maximumTokens: Int? = nil, temperature: Float? = nil, topK: Int? = nil, topP: Float? = nil,
    minP: Float? = nil, typicalP: Float? = nil, repetitionPenalty: Float? = nil, presencePenalty: Float? = nil,
    frequencyPenalty: Float? = nil, penaltyWindow: Int? = nil, logitBias: [Int: Float] = [:], stop: [String] = [],
    format: Format? = nil, logProbabilities: Int? = nil, seed: UInt64 = 0, guesses: Bool = true,
    reusesPrompts: Bool = true
  ) {
    self.beams = beams
    self.maximumTokens = maximumTokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.typicalP = typicalP
    self.repetitionPenalty = repetitionPenalty
    self.presencePenalty = presencePenalty
    self.frequencyPenalty = frequencyPenalty
    self.penaltyWindow = penaltyWindow
    self.logitBias = logitBias
    self.stop = stop
    self.format = format
    self.logProbabilities = logProbabilities
    self.seed = seed
    self.guesses = guesses
    self.reusesPrompts = reusesPrompts
  }
}

extension GenerationOptions: Codable {
  /// What is missing is as it is without options: more of them may come.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
      try values.decodeIfPresent(Value.self, forKey: key)
    }
    self.init(
      beams: try value(.beams), maximumTokens: try value(.maximumTokens), temperature: try value(.temperature),
      topK: try value(.topK), topP: try value(.topP), minP: try value(.minP), typicalP: try value(.typicalP),
      repetitionPenalty: try value(.repetitionPenalty), presencePenalty: try value(.presencePenalty),
      frequencyPenalty: try value(.frequencyPenalty), penaltyWindow: try value(.penaltyWindow),
      logitBias: try value(.logitBias) ?? [:], stop: try value(.stop) ?? [],
      format: try value(.format), logProbabilities: try value(.logProbabilities), seed: try value(.seed) ?? 0,
      guesses: try value(.guesses) ?? true,
      reusesPrompts: try value(.reusesPrompts) ?? true)
  }
}

extension GenerationOptions {
  private static let mostStops = 64
  private static let longestStop = 1024
  private static let mostAlternatives = 100

  /// Whether each token is looked at by itself: then there are no beams, and nothing is guessed.
  var choosesTokens: Bool {
    presencePenalty != nil || frequencyPenalty != nil || !logitBias.isEmpty || logProbabilities != nil
      || format != nil
  }

  /// The model's settings, changed.
  ///
  /// - Throws: `ZooError` (`usage`) for what makes no sense.
  func applied(to settings: GenerationSettings) throws -> GenerationSettings {
    var settings = settings
    // Longer ones are no network's, and sums of a few lengths up to this don't overflow.
    settings.maximumLength = min(settings.maximumLength, 1 << 24)
    settings.additionalLength = settings.additionalLength.map { min(max($0, 0), settings.maximumLength) }
    if let beams { settings.beams = beams }
    // Who asks for a temperature, or for a choice among the best, wants tokens drawn.
    if let temperature {
      settings.temperature = temperature
    } else if topK != nil || topP != nil || minP != nil || typicalP != nil, settings.temperature == 0 {
      settings.temperature = 1
    }
    if let topK { settings.topK = topK }
    if let topP { settings.topP = topP }
    if let minP { settings.minP = minP }
    if let typicalP { settings.typicalP = typicalP }
    if let repetitionPenalty { settings.repetitionPenalty = repetitionPenalty }
    if let penaltyWindow { settings.penaltyWindow = penaltyWindow }
    try check(settings)
    if settings.temperature > 0 || choosesTokens || settings.repetitionPenalty ?? 1 != 1, settings.beams > 1 {
      try Self.require(
        beams == nil, "beams are searched, not drawn",
        "leave out the beams, or temperature, top-k, top-p, penalties and the like")
      settings.beams = 1
    }
    return settings
  }

  private static func require(_ isFine: Bool, _ message: String, _ advice: String? = nil) throws {
    guard isFine else { throw ZooError(.usage, message, advice: advice) }
  }

  private func check(_ settings: GenerationSettings) throws {
    let check = Self.require
    func share(_ value: Float?, _ name: String) throws {
      try check(value.map { $0 > 0 && $0 <= 1 } ?? true, "\(value ?? 0) is no probability", "give \(name) above 0 to 1")
    }
    try check((1...1024).contains(settings.beams), "\(settings.beams) beams are none, or absurdly many", nil)
    try check(maximumTokens ?? 1 > 0, "\(maximumTokens ?? 0) tokens are no text", nil)
    try check(
      settings.temperature >= 0 && settings.temperature.isFinite, "\(settings.temperature) is no temperature",
      "give a number of 0 or more")
    try check(settings.topK ?? 1 > 0, "a token can't be drawn from the best \(settings.topK ?? 0)", nil)
    try share(settings.topP, "top p")
    try share(settings.typicalP, "typical p")
    try check((0...1).contains(settings.minP ?? 0), "\(settings.minP ?? 0) is no probability", "give min p from 0 to 1")
    try check(
      (settings.repetitionPenalty ?? 1) > 0 && (settings.repetitionPenalty ?? 1).isFinite,
      "\(settings.repetitionPenalty ?? 0) is no penalty of repetition", "give a number above 0; 1 is none")
    for penalty in [presencePenalty ?? 0, frequencyPenalty ?? 0] {
      try check(abs(penalty) <= 100, "\(penalty) is no penalty", "give a number from -100 to 100")
    }
    try check(settings.penaltyWindow ?? 1 > 0, "penalties can't look at \(settings.penaltyWindow ?? 0) tokens", nil)
    for (token, bias) in logitBias {
      try check(
        token >= 0 && abs(bias) <= 1000, "\(bias) is no bias of token \(token)", "give a number from -1000 to 1000")
    }
    try check(stop.count <= Self.mostStops, "more than \(Self.mostStops) stop strings", nil)
    for text in stop {
      try check(
        (1...Self.longestStop).contains(text.utf8.count), "a stop string has \(text.utf8.count) bytes",
        "give 1 to \(Self.longestStop)")
    }
    try check(
      (0...Self.mostAlternatives).contains(logProbabilities ?? 0),
      "\(logProbabilities ?? 0) tokens are no number of alternatives", "give 0 to \(Self.mostAlternatives)")
  }
}
