/// What a caller wants otherwise than the model's own settings have it.
///
/// ```swift
/// let options = GenerationOptions(temperature: 0.8, topP: 0.95, seed: 7)
/// let answer = try model.predict(.text("Once upon a time"), generation: options)
/// ```
public struct GenerationOptions: Sendable, Hashable, Codable {
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
  /// The same seed draws the same text.
  public var seed: UInt64
  /// Whether greedy search of one text may guess several tokens with weights rounded to 8 bits, and check them in one
  /// step of the network. That is faster and chooses the same tokens, but holds a quarter more of weights. It is done
  /// for large models at `Precision.float32` only, and once enough was generated.
  public var guesses: Bool

  public init(
    beams: Int? = nil, maximumTokens: Int? = nil, temperature: Float? = nil, topK: Int? = nil, topP: Float? = nil,
    seed: UInt64 = 0, guesses: Bool = true
  ) {
    self.beams = beams
    self.maximumTokens = maximumTokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
    self.guesses = guesses
  }

  /// The model's settings, changed.
  ///
  /// - Throws: `ZooError` (`usage`) for what makes no sense.
  func applied(to settings: GenerationSettings) throws -> GenerationSettings {
    func check(_ isFine: Bool, _ message: String, _ advice: String? = nil) throws {
      guard isFine else { throw ZooError(.usage, message, advice: advice) }
    }
    var settings = settings
    // Longer ones are no network's, and sums of a few lengths up to this don't overflow.
    settings.maximumLength = min(settings.maximumLength, 1 << 24)
    settings.additionalLength = settings.additionalLength.map { min(max($0, 0), settings.maximumLength) }
    if let beams { settings.beams = beams }
    // Who asks for a temperature, or for a choice among the best, wants tokens drawn.
    if let temperature {
      settings.temperature = temperature
    } else if topK != nil || topP != nil, settings.temperature == 0 {
      settings.temperature = 1
    }
    if let topK { settings.topK = topK }
    if let topP { settings.topP = topP }
    try check((1...1024).contains(settings.beams), "\(settings.beams) beams are none, or absurdly many")
    try check(maximumTokens ?? 1 > 0, "\(maximumTokens ?? 0) tokens are no text")
    try check(
      settings.temperature >= 0 && settings.temperature.isFinite, "\(settings.temperature) is no temperature",
      "give a number of 0 or more")
    try check(settings.topK ?? 1 > 0, "a token can't be drawn from the best \(settings.topK ?? 0)")
    try check((settings.topP ?? 1) > 0 && (settings.topP ?? 1) <= 1, "\(settings.topP ?? 0) is no probability")
    if settings.temperature > 0, settings.beams > 1 {
      try check(beams == nil, "beams are searched, not drawn", "leave out the beams, or temperature, top-k and top-p")
      settings.beams = 1
    }
    return settings
  }
}
