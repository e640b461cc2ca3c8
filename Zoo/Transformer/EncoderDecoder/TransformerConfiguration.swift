import GraphBuilder
import ZooCore
import TensorFiles

/// The sizes and forms of a Transformer, from a checkpoint's shapes and what `config.json` says.
struct TransformerConfiguration {
  var vocabulary = 37_000
  var width = 512
  var encoderLayers = 6
  var decoderLayers = 6
  var encoderHeads = 8
  var decoderHeads = 8
  /// Width of the feed-forward networks.
  var encoderHidden = 2048
  var decoderHidden = 2048
  /// Positions that there are: the longest source, and the longest target.
  var positions = 512
  /// The row of a learned table of positions that is the first one's: BART's tables begin with two that nothing uses.
  var firstPosition = 0
  /// Whether sines come before cosines and not in turn, as Marian has them.
  var hasSinusoidsInHalves = false
  var epsilon: Float = 1e-5
  var scalesEmbedding = true
  /// Whether layers are normalized before and not after.
  var normalizesBefore = false
  /// ONNX's name of the feed-forward networks' activation.
  var activation = "Relu"
  var names = LayerNames.huggingFace
  var generation = GenerationSettings(endTokens: [2], maximumLength: 512)

  init(_ parameters: Parameters, _ variant: EncoderDecoder.Variant) throws {
    if parameters.areRandom {
      if let width = variant.width { self.width = width }
      (encoderHeads, decoderHeads) = (width / 64, width / 64)
      (encoderHidden, decoderHidden) = (4 * width, 4 * width)
    } else {
      try readShapes(parameters)
      try readValues(parameters)
    }
    if let width = variant.width, width != self.width {
      throw ZooError(
        .badData, "\(variant.rawValue) is \(width) wide, the weights are \(self.width)",
        advice: "pack them as \(EncoderDecoder.Variant.transformer.rawValue), which takes any size")
    }
    guard encoderHeads > 0, decoderHeads > 0, width % encoderHeads == 0, width % decoderHeads == 0, width % 2 == 0
    else {
      throw ZooError(
        .badData, "\(encoderHeads) and \(decoderHeads) heads can't share a width of \(width)",
        advice: "config.json should say encoder_attention_heads and decoder_attention_heads")
    }
    try readGeneration(parameters.values)
  }

  private mutating func readShapes(_ parameters: Parameters) throws {
    if parameters.shape(of: "encoder.layers.0.self_attn.in_proj_weight") != nil { names = .pyTorch }
    let embedding = "shared.weight"
    guard let shared = parameters.shape(of: embedding), shared.count == 2, shared[0] > 0, shared[1] > 0 else {
      throw ZooError(
        .badData, "the weights hold no matrix \(embedding), the embedding of source, target and logits",
        advice: "a Transformer with separate embeddings is not supported")
    }
    (vocabulary, width) = (shared[0], shared[1])
    func layers(_ side: String) throws -> Int {
      var count = 0
      while parameters.shape(of: "\(side).layers.\(count).\(names.feedForward.0).weight") != nil { count += 1 }
      guard count > 0 else { throw ZooError(.badData, "the weights hold no layer \(side).layers.0") }
      return count
    }
    func hidden(_ side: String) -> Int {
      parameters.shape(of: "\(side).layers.0.\(names.feedForward.0).weight")?.first ?? 0
    }
    (encoderLayers, decoderLayers) = (try layers("encoder"), try layers("decoder"))
    (encoderHidden, decoderHidden) = (hidden("encoder"), hidden("decoder"))
    // Both of the paper's models have heads of 64.
    (encoderHeads, decoderHeads) = (max(1, width / 64), max(1, width / 64))
    if case .text(let family)? = parameters.values["model_type"] {
      firstPosition = ["bart", "mbart", "plbart"].contains(family) ? 2 : 0
      hasSinusoidsInHalves = family == "marian"
    }
    if let rows = parameters.shape(of: "encoder.embed_positions.weight")?.first { positions = rows - firstPosition }
  }

  private mutating func readValues(_ parameters: Parameters) throws {
    let values = parameters.values
    let heads = values["num_attention_heads"]?.int ?? values["nhead"]?.int
    encoderHeads = values["encoder_attention_heads"]?.int ?? heads ?? encoderHeads
    decoderHeads = values["decoder_attention_heads"]?.int ?? heads ?? decoderHeads
    epsilon = values["layer_norm_eps"]?.number.map { Float($0) } ?? epsilon
    scalesEmbedding = values["scale_embedding"]?.bool ?? scalesEmbedding
    normalizesBefore = values["normalize_before"]?.bool ?? values["norm_first"]?.bool ?? normalizesBefore
    positions = values["max_position_embeddings"]?.int ?? positions
    guard (1...1 << 20).contains(positions) else {
      throw ZooError(.badData, "\(positions) positions are none, or absurdly many", at: "max_position_embeddings")
    }
    guard let activation = values["activation_function"]?.text else { return }
    let known = ["relu": "Relu", "gelu": "Gelu", "swish": "Swish", "silu": "Swish"]
    guard let name = known[activation] else {
      throw ZooError(
        .unsupported, "the activation \(activation) is not one of \(known.keys.sorted().joined(separator: ", "))",
        at: "activation_function")
    }
    self.activation = name
  }

  private mutating func readGeneration(_ values: [String: CheckpointValue]) throws {
    func token(_ name: String) throws -> Int? {
      guard let id = values[name]?.int else { return nil }
      guard (0..<vocabulary).contains(id) else {
        throw ZooError(.badData, "there are \(vocabulary) tokens, and number \(id) is not among them", at: name)
      }
      return id
    }
    let begin = try token("decoder_start_token_id") ?? token("bos_token_id")
    generation.startToken = begin ?? 1
    generation.endTokens = [try token("eos_token_id") ?? 2]
    generation.padToken = try token("pad_token_id") ?? 0
    generation.maximumLength = positions
    generation.additionalLength = values["max_extra_tokens"]?.int ?? 50
    generation.beams = values["num_beams"]?.int ?? 4
    generation.lengthPenalty = values["length_penalty"]?.number.map { Float($0) } ?? 0.6
  }
}

/// What layers are called in checkpoints.
enum LayerNames {
  /// Marian and BART.
  case huggingFace
  /// `nn.TransformerEncoderLayer` and `nn.TransformerDecoderLayer`.
  case pyTorch

  var feedForward: (String, String) { self == .huggingFace ? ("fc1", "fc2") : ("linear1", "linear2") }
  var crossAttention: String { self == .huggingFace ? "encoder_attn" : "multihead_attn" }

  /// The norms of a layer: behind self-attention, behind cross-attention in a decoder, behind the feed-forward network.
  func norms(isDecoder: Bool) -> [String] {
    switch (self, isDecoder) {
    case (.huggingFace, false): ["self_attn_layer_norm", "final_layer_norm"]
    case (.huggingFace, true): ["self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"]
    case (.pyTorch, false): ["norm1", "norm2"]
    case (.pyTorch, true): ["norm1", "norm2", "norm3"]
    }
  }

  /// The norm behind a side's last layer.
  var lastNorm: String { self == .huggingFace ? "layer_norm" : "norm" }
}
