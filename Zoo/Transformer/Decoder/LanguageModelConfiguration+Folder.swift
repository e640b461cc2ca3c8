import GraphBuilder
import HuggingFace
import JSON
import ZooCore

extension LanguageModel.Configuration {
  /// What config.json says.
  ///
  /// - Throws: `ZooError`: `badData`, or `unsupported` for variants that the graph does not have.
  package init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    let type = try folder.modelType
    let (width, heads) = try (settings.count("hidden_size"), settings.count("num_attention_heads"))
    // A head's numbers are `width / heads` but for families that say otherwise.
    let headSize = try settings.count("head_dim", default: max(1, width / heads), most: 1 << 16)
    let positions = try settings.count("max_position_embeddings")
    let rope = RopeSettings(settings, "\(folder.path)/config.json", headSize: headSize, positions: positions)
    self.init(
      title: Self.titles[type] ?? type, vocabulary: try settings.count("vocab_size"), positions: positions,
      width: width, layers: try settings.count("num_hidden_layers", most: 1000), heads: heads,
      keyHeads: try settings.count("num_key_value_heads", default: heads), headSize: headSize,
      innerWidth: try settings.count("intermediate_size"),
      rotary: try rope.angles(of: "full_attention"))
    epsilon = try settings.float("rms_norm_eps", default: 1e-6)
    activation = try settings.activation(
      settings.value("hidden_activation") == nil ? "hidden_act" : "hidden_activation", default: "silu")
    let bias = try settings.bool("attention_bias", default: false)
    (inputBias, outputBias) = (bias, bias)
    innerBias = try settings.bool("mlp_bias", default: false)
    isTied = try settings.bool("tie_word_embeddings", default: type.hasPrefix("gemma"))
    try setWindow(settings)
    try setFamily(type, settings, rope)
  }

  private static let titles = [
    "llama": "Llama", "mistral": "Mistral", "smollm3": "SmolLM3", "qwen2": "Qwen2", "qwen3": "Qwen3",
    "gemma2": "Gemma 2", "gemma3_text": "Gemma 3", "phi3": "Phi-3", "olmo2": "OLMo 2", "granite": "Granite",
  ]

  /// Which layers have a window: those that `layer_types` names, or else all.
  private mutating func setWindow(_ settings: PretrainedSettings) throws {
    guard settings.value("sliding_window") != nil, try settings.bool("use_sliding_window", default: true) else {
      return
    }
    window = try settings.count("sliding_window")
    isLocal = [Bool](repeating: true, count: layers)
    if let types = settings.value("layer_types")?.list {
      isLocal = types.map { $0.text == "sliding_attention" }
    } else if let pattern = settings.value("sliding_window_pattern")?.integer, pattern > 0 {
      isLocal = (0..<layers).map { ($0 + 1) % pattern != 0 }
    }
  }

  private mutating func setFamily(_ type: String, _ settings: PretrainedSettings, _ rope: RopeSettings) throws {
    switch type {
    case "qwen2": (inputBias, outputBias) = (true, false)
    case "qwen3": headNormalization = .head
    case "phi3": isFused = true
    case "smollm3":
      if let turned = settings.value("no_rope_layers")?.list { isTurned = turned.map { $0.integer != 0 } }
    case "olmo2": (normalization, headNormalization) = (.after, .all)
    case "granite":
      embeddingScale = try settings.float("embedding_multiplier", default: 1)
      residualScale = try settings.float("residual_multiplier", default: 1)
      attentionScale = try settings.float("attention_multiplier", default: 1)
      logitScale = 1 / (try settings.float("logits_scaling", default: 1))
    case "gemma2", "gemma3_text":
      try settings.require(["use_bidirectional_attention": .bool(false)])
      (normalization, addsOneToScales) = (.around, true)
      embeddingScale = Float(width).squareRoot()
      attentionScale = 1 / (try settings.float("query_pre_attn_scalar", default: 256)).squareRoot()
      attentionCap = try settings.value("attn_logit_softcapping").map { _ in
        try settings.float("attn_logit_softcapping", default: 0)
      }
      logitCap = try settings.value("final_logit_softcapping").map { _ in
        try settings.float("final_logit_softcapping", default: 0)
      }
      guard type == "gemma3_text" else { return }
      headNormalization = .head
      localRotary = try rope.angles(of: "sliding_attention")
    default: break
    }
  }
}

/// What config.json says of rotary positions, in the form of either version of the library: `rope_parameters`, which may
/// have one entry for each kind of layer; or `rope_theta` and `rope_scaling`.
private struct RopeSettings {
  let settings: PretrainedSettings
  let path: String
  let headSize, positions: Int

  init(_ settings: PretrainedSettings, _ path: String, headSize: Int, positions: Int) {
    (self.settings, self.path, self.headSize, self.positions) = (settings, path, headSize, positions)
  }

  /// The angles of a kind of layer.
  func angles(of kind: String) throws -> RotaryAngles {
    let isLocal = kind == "sliding_attention"
    var scaling = isLocal ? nil : settings.value("rope_scaling")
    var base = try settings.float(isLocal ? "rope_local_base_freq" : "rope_theta", default: 10000)
    if let parameters = settings.value("rope_parameters") {
      let own = parameters[kind] ?? parameters
      base = own["rope_theta"]?.number.map { Float($0) } ?? base
      scaling = own
    }
    let share =
      try scaling?["partial_rotary_factor"]?.number.map { Float($0) }
      ?? settings.float("partial_rotary_factor", default: 1)
    guard share > 0, share <= 1 else { throw ZooError(.badData, "partial_rotary_factor is \(share)", at: path) }
    let count = Int(Float(headSize) * share)
    return try RotaryAngles(count: count, base: base, self.scaling(scaling.map { PretrainedSettings($0, path) }))
  }

  private func scaling(_ given: PretrainedSettings?) throws -> RotaryAngles.Scaling {
    guard let given else { return .none }
    let type = try given.value("rope_type")?.text ?? given.text("type", default: "default")
    let original = try given.count(
      "original_max_position_embeddings",
      default: settings.count("original_max_position_embeddings", default: positions))
    switch type {
    case "default": return .none
    case "linear": return .linear(try given.float("factor", default: 1))
    case "llama3":
      return .llama3(
        factor: try given.float("factor", default: 1), low: try given.float("low_freq_factor", default: 1),
        high: try given.float("high_freq_factor", default: 4), original: original)
    case "yarn":
      return .yarn(
        factor: try given.float("factor", default: 1), fast: try given.float("beta_fast", default: 32),
        slow: try given.float("beta_slow", default: 1), original: original, attention: try yarnFactor(given),
        isTruncated: try given.bool("truncate", default: true))
    case "longrope", "su":
      return .long(
        short: try numbers(given, "short_factor"), long: try numbers(given, "long_factor"), original: original,
        attention: try longFactor(given, original: original))
    default:
      throw ZooError(.unsupported, "rotary positions that are scaled as \"\(type)\" are not built", at: path)
    }
  }

  /// What cosines and sines are multiplied by, where it is no function of the factor alone.
  private func yarnFactor(_ given: PretrainedSettings) throws -> Float? {
    if given.value("attention_factor") != nil { return try given.float("attention_factor", default: 1) }
    let (scale, all) = (try given.float("mscale", default: 0), try given.float("mscale_all_dim", default: 0))
    guard scale != 0, all != 0 else { return nil }
    let factor = Double(try given.float("factor", default: 1))
    func magnitude(_ scale: Float) -> Double { factor <= 1 ? 1 : 0.1 * Double(scale) * logarithm(factor) + 1 }
    return Float(magnitude(scale) / magnitude(all))
  }

  private func longFactor(_ given: PretrainedSettings, original: Int) throws -> Float {
    if given.value("attention_factor") != nil { return try given.float("attention_factor", default: 1) }
    let factor = try given.float("factor", default: Float(positions) / Float(original))
    guard factor > 1, original > 1 else { return 1 }
    return Float((1 + logarithm(Double(factor)) / logarithm(Double(original))).squareRoot())
  }

  private func numbers(_ given: PretrainedSettings, _ name: String) throws -> [Float] {
    let numbers = given.value(name)?.list?.compactMap(\.number) ?? []
    guard !numbers.isEmpty, numbers.count <= 1 << 16 else {
      throw ZooError(.badData, "\"\(name)\" is missing, or no list of numbers", at: path)
    }
    return numbers.map { Float($0) }
  }
}
