import GraphBuilder
import HuggingFace
import VisionTransformer
import ZooCore

/// What the towers have in common: a Transformer's encoder that normalizes before each part.
struct CLIPTower {
  /// What a tower makes of its input.
  struct Value {
    /// (N, tokens, width), and their shape.
    let states: GraphBuilder.Value
    let shape: [ShapeDimension]
    /// (N, width)
    let pooled: GraphBuilder.Value
    let width: Int
  }

  let layers: Int
  let layer: EncoderLayer

  init(_ settings: PretrainedSettings, width: Int, heads: Int, innerWidth: Int) throws {
    layers = try settings.count("num_hidden_layers", default: 12, most: 1000)
    layer = EncoderLayer(
      names: EncoderLayer.Names(
        query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj",
        attentionOutput: "self_attn.out_proj", attentionNormalization: "layer_norm1", inner: "mlp.fc1",
        outer: "mlp.fc2", outputNormalization: "layer_norm2"),
      width: try settings.count("hidden_size", default: width, most: 1 << 20),
      heads: try settings.count("num_attention_heads", default: heads),
      innerWidth: try settings.count("intermediate_size", default: innerWidth),
      activation: try settings.activation("hidden_act", default: "quick_gelu"),
      epsilon: try settings.float("layer_norm_eps", default: 1e-5), normalizesFirst: true)
    guard layer.width % layer.heads == 0 else {
      throw ZooError(.badData, "\(layer.heads) heads can't share a width of \(layer.width)", at: "config.json")
    }
  }

  func states(
    _ input: GraphBuilder.Value, _ prefix: String, mask: GraphBuilder.Value? = nil, isCausal: Bool = false,
    _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    try (0..<layers).reduce(input) { value, index in
      try network.layer(value, "\(prefix).encoder.layers.\(index)", layer, mask: mask, isCausal: isCausal)
    }
  }

  func normalization(
    _ value: GraphBuilder.Value, _ name: String, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    try network.normalization(value, name, width: layer.width, epsilon: layer.epsilon)
  }
}

/// The encoder of texts, each token of which sees those before it.
struct CLIPText {
  private let tower: CLIPTower
  private let vocabulary: Int
  let positions: Int
  private let endToken: Int

  init(_ settings: PretrainedSettings) throws {
    tower = try CLIPTower(settings, width: 512, heads: 8, innerWidth: 2048)
    vocabulary = try settings.count("vocab_size", default: 49408)
    positions = try settings.count("max_position_embeddings", default: 77)
    endToken = try settings.tokens("eos_token_id").first ?? 49407
  }

  func states(_ network: inout NetworkBuilder) throws -> CLIPTower.Value {
    let (name, width) = ("text_model", tower.layer.width)
    let shape: [ShapeDimension] = ["N", "S"]
    let ids = network.graph.input("input_ids", .int64, shape)
    let mask = network.graph.input("attention_mask", .int64, shape)
    let words = try network.embedding(ids, "\(name).embeddings.token_embedding", rows: vocabulary, width: width)
    let places = try network.positions(
      of: ids, "\(name).embeddings.position_embedding", rows: positions, width: width)
    let visible = try network.graph.visibleKeys(mask, "attention_mask")
    let value = try tower.states(
      network.graph.add(words, places, "\(name).embeddings"), name, mask: visible, isCausal: true, &network)
    let states = try tower.normalization(value, "\(name).final_layer_norm", &network)
    return CLIPTower.Value(
      states: states, shape: shape + [ShapeDimension(.fixed(Int64(width)))],
      pooled: try end(of: states, ids, &network), width: width)
  }

  /// The state of the first end token. Files that call it 2 are older than this rule: there it has the greatest number.
  private func end(
    of states: GraphBuilder.Value, _ ids: GraphBuilder.Value, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    func number(_ value: GraphBuilder.Value, _ name: String) -> GraphBuilder.Value {
      network.graph.node("Cast", name, [value], [Attribute("to", .int(Int64(ElementType.float32.rawValue)))])
    }
    let marks =
      endToken == 2
      ? ids
      : network.graph.node(
        "Equal", "end.is_end", [ids, try network.graph.constant([Int64(endToken)], "end.token")])
    let place = network.graph.node(
      "ArgMax", "end.place", [number(marks, "end.marks")], [Attribute("axis", .int(1)), Attribute("keepdims", .int(1))])
    let isThere = network.graph.node("Equal", "end.is_there", [try network.places(ids, "end"), place])
    let axis = try network.graph.constant([1], "end.axis")
    let row = network.graph.node("Unsqueeze", "end.row", [number(isThere, "end.there"), axis])
    return network.graph.node("Squeeze", "end.state", [network.graph.node("MatMul", "end.sum", [row, states]), axis])
  }
}

/// The encoder of pictures.
struct CLIPPicture {
  private let tower: CLIPTower
  private let embeddings: PatchEmbeddings

  init(_ settings: PretrainedSettings) throws {
    tower = try CLIPTower(settings, width: 768, heads: 12, innerWidth: 3072)
    embeddings = try PatchEmbeddings(settings, patchSize: 32, features: tower.layer.width)
  }

  /// How photographs are prepared where the folder does not say.
  var preprocessing: ImagePreprocessing {
    ImagePreprocessing(
      resize: .shorterSide(embeddings.height), filter: .bicubic, height: embeddings.height, width: embeddings.width,
      mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])
  }

  func states(batch: ShapeDimension, _ network: inout NetworkBuilder) throws -> CLIPTower.Value {
    let (name, width) = ("vision_model", tower.layer.width)
    let image = network.graph.input("pixel_values", .float32, [batch] + embeddings.shape.dropFirst())
    let patches = try embeddings.value(of: image, "\(name).embeddings.patch_embedding", hasBias: false, &network)
    let token = network.graph.node(
      "Unsqueeze", "\(name).embeddings.token",
      [
        try network.parameter("\(name).embeddings.class_embedding", [width]),
        try network.graph.constant([0, 1], "\(name).embeddings.token.axes"),
      ])
    let tokens = try embeddings.joining([token], patches, of: image, &network)
    let places = try network.parameter(
      "\(name).embeddings.position_embedding.weight", [embeddings.patches + 1, width])
    let normal = try tower.normalization(
      network.graph.add(tokens, places, "\(name).embeddings"), "\(name).pre_layrnorm", &network)
    let states = try tower.states(normal, name, &network)
    let first = try network.graph.token(0, of: states, "\(name).pooler")
    return CLIPTower.Value(
      states: states,
      shape: [batch, ShapeDimension(.fixed(Int64(embeddings.patches + 1))), ShapeDimension(.fixed(Int64(width)))],
      pooled: try tower.normalization(first, "\(name).post_layernorm", &network), width: width)
  }
}
