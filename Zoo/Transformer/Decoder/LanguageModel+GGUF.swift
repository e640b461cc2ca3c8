import GGUFFormat
import GraphBuilder
import ZooCore
import TensorFiles

extension LanguageModel {
  /// Whether a GGUF file holds a decoder of an architecture that is built, and not tensors alone.
  package static func isIn(_ file: TensorFile) -> Bool {
    let architecture = GGUFMetadata(file.metadata).text("general.architecture")
    return architecture.map { GGUFFamily.all[$0] != nil } ?? false
      && file.tensors.contains { $0.name == "token_embd.weight" }
  }

  /// The model that the tensors and the metadata of a GGUF file make. Weights stay in the file, in their blocks.
  ///
  /// - Throws: `ZooError` (`badData`) for hyper-parameters that make no sense and tensors that don't fit them.
  package static func model(gguf file: TensorFile, _ metadata: GGUFMetadata) throws -> ModelDefinition {
    let configuration = try Configuration(metadata, file.tensors)
    var parameters = try Parameters(
      file.tensors.compactMap { item in
        GGUFName.canonical(item.name, isAround: configuration.normalization == .around, isFused: configuration.isFused)
          .map { NamedTensor(name: $0, tensor: item.tensor) }
      })
    var model = try LanguageModel(configuration).model(&parameters)
    try parameters.finish(for: "the decoder that the metadata describe")
    let ends = ["eos_token_id", "eot_token_id", "eom_token_id"].compactMap {
      metadata.integer("tokenizer.ggml.\($0)")
    }
    model.metadata.generation = GenerationSettings(
      startToken: metadata.integer("tokenizer.ggml.bos_token_id"), endTokens: ends,
      padToken: metadata.integer("tokenizer.ggml.padding_token_id"), maximumLength: configuration.positions)
    model.metadata.generation?.readSampling(metadata)
    // What the file says of itself; its tokenizer is no text for people.
    model.properties = file.metadata.filter { !$0.key.hasPrefix("tokenizer.") }
    return model
  }
}

extension GenerationSettings {
  /// What the file's author recommends for drawing tokens; numbers that are none of the sort are left out.
  fileprivate mutating func readSampling(_ metadata: GGUFMetadata) {
    func number(_ name: String, _ isFine: (Float) -> Bool) -> Float? {
      metadata.number("general.sampling.\(name)").flatMap { isFine($0) ? $0 : nil }
    }
    if let penalty = number("penalty_repeat", { $0 > 0 && $0.isFinite && $0 != 1 }) {
      repetitionPenalty = penalty
      penaltyWindow = metadata.integer("general.sampling.penalty_last_n").flatMap { $0 > 0 ? $0 : nil }
    }
    let count = metadata.integer("general.sampling.top_k").flatMap { $0 > 0 ? $0 : nil }
    let (share, least) = (number("top_p") { $0 > 0 && $0 < 1 }, number("min_p") { $0 > 0 && $0 <= 1 })
    let given = number("temp") { $0 >= 0 && $0.isFinite }
    guard given != nil || count != nil || share != nil || least != nil else { return }
    (temperature, topK, topP, minP) = (given ?? 1, count, share, least)
  }
}

/// What a family's files leave unsaid.
struct GGUFFamily {
  var title: String
  /// Whether rows of queries and keys are in the order that turns neighbours together.
  var isInterleaved = false
  var normalization = LanguageModel.Configuration.Normalization.before
  var headNormalization = LanguageModel.Configuration.HeadNormalization.none
  var isFused = false
  var activation = Activation.silu
  /// Of so many layers the last sees everything, where there is a window; 1: all have it.
  var windowPattern = 1
  /// Whether embeddings are multiplied by the root of their width.
  var scalesEmbeddings = false

  static let all: [String: GGUFFamily] = [
    "llama": GGUFFamily(title: "Llama", isInterleaved: true),
    "smollm3": GGUFFamily(title: "SmolLM3", isInterleaved: true),
    "granite": GGUFFamily(title: "Granite", isInterleaved: true),
    "qwen2": GGUFFamily(title: "Qwen2"),
    "qwen3": GGUFFamily(title: "Qwen3", headNormalization: .head),
    "gemma2": GGUFFamily(
      title: "Gemma 2", normalization: .around, activation: .tanhGelu, windowPattern: 2, scalesEmbeddings: true),
    "gemma3": GGUFFamily(
      title: "Gemma 3", normalization: .around, headNormalization: .head, activation: .tanhGelu, windowPattern: 6,
      scalesEmbeddings: true),
    "phi3": GGUFFamily(title: "Phi-3", isFused: true),
    "olmo2": GGUFFamily(title: "OLMo 2", normalization: .after, headNormalization: .all),
  ]
}

/// GGUF's names of tensors as those of Hugging Face's checkpoints.
enum GGUFName {
  private static let outer = ["token_embd": "embed_tokens", "output_norm": "norm", "output": "lm_head"]
  private static let inner = [
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_qkv": "self_attn.qkv_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "ffn_norm": "post_attention_layernorm",
    "post_attention_norm": "post_attention_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
  ]
  /// Tensors that the configuration reads.
  private static let settings = ["rope_freqs", "rope_factors_long", "rope_factors_short"]

  /// - Returns: `nil` for a tensor that is no weight; a name that is not known stays as it is.
  static func canonical(_ name: String, isAround: Bool, isFused: Bool) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let kind = parts.last, parts.count == 2 || parts.count == 4 && parts[0] == "blk" else { return name }
    let stem = parts[parts.count - 2]
    if settings.contains(stem) { return nil }
    if parts.count == 2 { return outer[stem].map { "\($0).\(kind)" } ?? name }
    var found = inner[stem]
    if stem == "ffn_norm", isAround { found = "pre_feedforward_layernorm" }
    if stem == "ffn_up", isFused { found = "mlp.gate_up_proj" }
    return found.map { "layers.\(parts[1]).\($0).\(kind)" } ?? name
  }
}

extension LanguageModel.Configuration {
  /// What a file's metadata say, and which tensors it has.
  fileprivate init(_ metadata: GGUFMetadata, _ tensors: [NamedTensor]) throws {
    let architecture = metadata.text("general.architecture") ?? ""
    let family = GGUFFamily.all[architecture] ?? GGUFFamily(title: architecture)
    let values = GGUFHyperparameters(metadata, architecture)
    let shapes = Dictionary(tensors.map { ($0.name, $0.tensor.shape) }) { first, _ in first }
    let (width, heads) = try (values.count("embedding_length"), values.count("attention.head_count"))
    let headSize = try values.count("attention.key_length", default: max(1, width / heads))
    guard try values.count("attention.value_length", default: headSize) == headSize else {
      throw ZooError(.unsupported, "heads whose values have another size than their keys are not built")
    }
    guard let vocabulary = shapes["token_embd.weight"]?.first, vocabulary > 0 else {
      throw ZooError(.badData, "the file has no token_embd.weight")
    }
    let positions = try values.count("context_length")
    self.init(
      title: family.title, vocabulary: vocabulary, positions: positions, width: width,
      layers: try values.count("block_count", most: 1000), heads: heads,
      keyHeads: try values.count("attention.head_count_kv", default: heads), headSize: headSize,
      innerWidth: try values.count("feed_forward_length"),
      rotary: try RotaryAngles(
        count: values.count("rope.dimension_count", default: headSize), base: values.number("rope.freq_base", 10000),
        values.scaling(tensors, positions: positions)))
    epsilon = try values.number("attention.layer_norm_rms_epsilon", 1e-6)
    (normalization, headNormalization, isFused) = (family.normalization, family.headNormalization, family.isFused)
    (activation, isInterleaved) = (family.activation, family.isInterleaved)
    inputBias = shapes[isFused ? "blk.0.attn_qkv.bias" : "blk.0.attn_q.bias"] != nil
    outputBias = shapes["blk.0.attn_output.bias"] != nil
    innerBias = shapes["blk.0.ffn_down.bias"] != nil
    isTied = shapes["output.weight"] == nil
    if family.scalesEmbeddings { embeddingScale = Float(width).squareRoot() }
    try setWindow(values, family)
    try setScales(values, architecture)
  }

  private mutating func setWindow(_ values: GGUFHyperparameters, _ family: GGUFFamily) throws {
    guard let window = try values.optionalCount("attention.sliding_window") else { return }
    self.window = window
    let pattern = try values.optionalCount("attention.sliding_window_pattern") ?? family.windowPattern
    isLocal = (0..<layers).map { pattern == 1 || ($0 + 1) % pattern != 0 }
  }

  private mutating func setScales(_ values: GGUFHyperparameters, _ architecture: String) throws {
    func optional(_ name: String) throws -> Float? {
      let number = try values.number(name, 0)
      return number == 0 ? nil : number
    }
    attentionScale = try optional("attention.scale")
    attentionCap = try optional("attn_logit_softcapping")
    logitCap = try optional("final_logit_softcapping")
    switch architecture {
    case "granite":
      embeddingScale = try optional("embedding_scale") ?? 1
      residualScale = try optional("residual_scale") ?? 1
      logitScale = 1 / (try optional("logit_scale") ?? 1)
    case "gemma2", "gemma3":
      // The largest of both divides by the share of its width.
      let isLargest = layers == (architecture == "gemma2" ? 46 : 62)
      attentionScale = 1 / Float(isLargest ? width / heads : headSize).squareRoot()
      if architecture == "gemma2" {
        (attentionCap, logitCap) = (attentionCap ?? 50, logitCap ?? 30)
      } else {
        localRotary = try RotaryAngles(
          count: 2 * rotary.pairs, base: values.number("rope.freq_base_swa", 10000))
      }
    case "smollm3": isTurned = (0..<layers).map { ($0 + 1) % 4 != 0 }
    default: break
    }
  }
}

/// The numbers under an architecture's name.
private struct GGUFHyperparameters {
  let metadata: GGUFMetadata
  let architecture: String

  init(_ metadata: GGUFMetadata, _ architecture: String) {
    (self.metadata, self.architecture) = (metadata, architecture)
  }

  func optionalCount(_ name: String, most: Int = 1 << 30) throws -> Int? {
    let key = "\(architecture).\(name)"
    guard metadata.has(key) else { return nil }
    guard let count = metadata.integer(key), count > 0, count <= most else {
      throw ZooError(.badData, "the value is no number of things that a network has", at: "value \"\(key)\"")
    }
    return count
  }

  func count(_ name: String, default usual: Int? = nil, most: Int = 1 << 30) throws -> Int {
    guard let count = try optionalCount(name, most: most) ?? usual else {
      throw ZooError(.badData, "the metadata lack \(architecture).\(name)")
    }
    return count
  }

  func number(_ name: String, _ usual: Float) throws -> Float {
    let key = "\(architecture).\(name)"
    guard metadata.has(key) else { return usual }
    guard let number = metadata.number(key), number.isFinite else {
      throw ZooError(.badData, "the value is no number", at: "value \"\(key)\"")
    }
    return number
  }

  /// How rotary positions are scaled: by divisors among the tensors, or by numbers.
  func scaling(_ tensors: [NamedTensor], positions: Int) throws -> RotaryAngles.Scaling {
    func divisors(_ name: String) throws -> [Float]? {
      guard let found = tensors.first(where: { $0.name == name })?.tensor else { return nil }
      guard found.type == .float32, found.shape.count == 1, found.shape[0] <= 1 << 16 else {
        throw ZooError(.badData, "they are no list of float32", at: "tensor \"\(name)\"")
      }
      return try found.load().elements()
    }
    if let divisors = try divisors("rope_freqs.weight") { return .divided(divisors) }
    let original = try count("rope.scaling.original_context_length", default: positions)
    if let short = try divisors("rope_factors_short.weight"), let long = try divisors("rope_factors_long.weight") {
      return .long(
        short: short, long: long, original: original, attention: try number("rope.scaling.attn_factor", 1))
    }
    let factor = try number("rope.scaling.factor", 1)
    switch metadata.text("\(architecture).rope.scaling.type") ?? (factor == 1 ? "none" : "linear") {
    case "none": return .none
    case "linear": return .linear(factor)
    case "yarn":
      return .yarn(
        factor: factor, fast: try number("rope.scaling.yarn_beta_fast", 32),
        slow: try number("rope.scaling.yarn_beta_slow", 1), original: original,
        attention: try number("rope.scaling.yarn_attn_factor", 1)
          * (factor <= 1 ? 1 : Float(0.1 * logarithm(Double(factor)) + 1)),
        isTruncated: true)
    case let other: throw ZooError(.unsupported, "rotary positions that are scaled as \"\(other)\" are not built")
    }
  }
}
