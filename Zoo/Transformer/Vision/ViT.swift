import GraphBuilder
import HuggingFace
import ZooCore

/// The Vision Transformer (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words") as Hugging Face's transformers save
/// it (model_type `vit`): the encoder of a Transformer over the patches of a picture and a token for the class.
///
/// The input is `pixel_values` (N, channels, height, width). Outputs are `logits` (N, classes), or, of an encoder without
/// a classifier, `last_hidden_state` (N, patches + 1, width) and, if it has that layer, `pooler_output` (N, width).
public struct ViT: PretrainedFamily {
  public static let modelTypes = ["vit"]

  public static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let configuration = try Configuration(folder)
    var network = ViTBuilder(configuration, try Parameters(canonicalWeights(folder.weights())))
    let (height, width) = (configuration.height, configuration.width)
    var shape: [Dimension] = ["N"]
    shape += [configuration.channels, height, width].map { Dimension(.fixed(Int64($0))) }
    var value = try network.embeddings(network.graph.input("pixel_values", .float32, shape))
    for index in 0..<configuration.layers { value = try network.layer(value, index) }
    value = try network.normalization(value, "layernorm")
    let features = Dimension(.fixed(Int64(configuration.features)))

    var metadata = ModelMetadata()
    metadata.architecture = "ViT"
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    if let classes = network.parameters.shape(of: "classifier.weight")?.first {
      let logits = try network.head(value, "classifier", outputs: classes)
      network.graph.output(logits, "logits", .float32, ["N", Dimension(.fixed(Int64(classes)))])
      metadata.task = .imageClassification
      metadata.labels = folder.labels(classes)
      metadata.image = try folder.imagePreprocessing(
        or: ImagePreprocessing(
          resize: .exact(height: height, width: width), height: height, width: width, mean: [0.5, 0.5, 0.5],
          deviation: [0.5, 0.5, 0.5]))
    } else {
      let pooled = try network.pooler(value)
      network.graph.output(
        value, "last_hidden_state", .float32, ["N", Dimension(.fixed(Int64(configuration.patches + 1))), features])
      if let pooled {
        network.graph.output(pooled.value, "pooler_output", .float32, ["N", Dimension(.fixed(Int64(pooled.width)))])
      }
    }
    try network.parameters.finish(for: "the Vision Transformer that config.json describes")
    return network.graph.model(metadata: metadata)
  }

  public static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    // The token stands for hidden patches in pre-training.
    try Self.weights(weights, without: "vit.").filter { $0.name != "embeddings.mask_token" }.map {
      NamedTensor(name: savedName($0.name), tensor: $0.tensor)
    }
  }

  /// By the names that transformers 5 has for a layer's parts in memory, those that it saves them under. A state dictionary
  /// of PyTorch has the first.
  private static let savedNames = [
    "attention.q_proj": "attention.attention.query", "attention.k_proj": "attention.attention.key",
    "attention.v_proj": "attention.attention.value", "attention.o_proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
  ]

  private static func savedName(_ name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0] == "layers" else { return name }
    let part = parts[2..<parts.count - 1].joined(separator: ".")
    return "encoder.layer.\(parts[1]).\(savedNames[part] ?? part).\(parts[parts.count - 1])"
  }

  /// The sizes of a network.
  struct Configuration {
    var height, width, patchHeight, patchWidth: Int
    var channels: Int
    /// Numbers that stand for a patch.
    var features: Int
    var layers, heads: Int
    /// Outputs of the first layer of each feed-forward network.
    var innerWidth: Int
    var hasBias: Bool
    var activation: Activation
    var epsilon: Float

    var rows: Int { height / patchHeight }
    var columns: Int { width / patchWidth }
    var patches: Int { rows * columns }

    init(_ folder: PretrainedFolder) throws {
      let settings = folder.configuration
      let place = "\(folder.path)/config.json"
      func pair(_ name: String, _ usual: Int) throws -> (Int, Int) {
        let value = settings.value(name)
        let numbers = value.map { ($0.list ?? [$0, $0]).compactMap(\.integer) } ?? [usual, usual]
        guard numbers.count == 2, numbers.allSatisfy({ (1...1 << 14).contains($0) }) else {
          throw ZooError(.badData, "\"\(name)\" is not what it should be", at: place)
        }
        return (numbers[0], numbers[1])
      }
      (height, width) = try pair("image_size", 224)
      (patchHeight, patchWidth) = try pair("patch_size", 16)
      channels = try settings.count("num_channels", default: 3)
      features = try settings.count("hidden_size", default: 768)
      layers = try settings.count("num_hidden_layers", default: 12)
      heads = try settings.count("num_attention_heads", default: 12)
      innerWidth = try settings.count("intermediate_size", default: 3072)
      hasBias = try settings.bool("qkv_bias", default: true)
      activation = try settings.activation("hidden_act", default: "gelu")
      epsilon = try settings.float("layer_norm_eps", default: 1e-12)
      guard layers <= 1000, features % heads == 0, rows > 0, columns > 0 else {
        throw ZooError(.badData, "\(heads) heads, \(rows) by \(columns) patches: the sizes make no sense", at: place)
      }
    }
  }
}

/// Builds the graph layer by layer, under the names of Hugging Face's checkpoints.
private struct ViTBuilder {
  typealias Value = GraphBuilder.Value

  var graph: GraphBuilder
  var parameters: Parameters
  private let configuration: ViT.Configuration
  private var features: Int { configuration.features }

  init(_ configuration: ViT.Configuration, _ parameters: Parameters) {
    (self.configuration, self.parameters) = (configuration, parameters)
    graph = GraphBuilder(name: "vit", operatorSet: 23)
  }

  /// The patches' projections behind the class token, with what stands for their places added: (N, patches + 1, width).
  mutating func embeddings(_ image: Value) throws -> Value {
    let name = "embeddings.patch_embeddings.projection"
    let (height, width) = (configuration.patchHeight, configuration.patchWidth)
    let weight = graph.constant(
      try parameters.take("\(name).weight", [features, configuration.channels, height, width], .weight),
      "\(name).weight")
    let bias = graph.constant(try parameters.take("\(name).bias", [features], .shift), "\(name).bias")
    let kernel = [Int64(height), Int64(width)]
    let projected = graph.node(
      "Conv", name, [image, weight, bias],
      [Attribute("kernel_shape", .ints(kernel)), Attribute("strides", .ints(kernel))])
    let rows = graph.node(
      "Reshape", "embeddings.rows",
      [projected, try graph.constant([0, Int64(features), Int64(configuration.patches)], "embeddings.rows.shape")])
    let patches = graph.node("Transpose", "embeddings.patches", [rows], [Attribute("perm", .ints([0, 2, 1]))])
    let token = graph.constant(
      try parameters.take("embeddings.cls_token", [1, 1, features], .weight), "embeddings.cls_token")
    let batch = graph.node(
      "Shape", "embeddings.batch", [image], [Attribute("start", .int(0)), Attribute("end", .int(1))])
    let shape = graph.node(
      "Concat", "embeddings.cls.shape", [batch, try graph.constant([1, Int64(features)], "embeddings.cls.extents")],
      [Attribute("axis", .int(0))])
    let tokens = graph.node("Expand", "embeddings.cls", [token, shape])
    let all = graph.node("Concat", "embeddings.tokens", [tokens, patches], [Attribute("axis", .int(1))])
    let places = graph.constant(
      try parameters.take("embeddings.position_embeddings", [1, configuration.patches + 1, features], .weight),
      "embeddings.position_embeddings")
    return graph.add(all, places, "embeddings")
  }

  /// Attention and a feed-forward network, before each of which the value is normalized.
  mutating func layer(_ input: Value, _ index: Int) throws -> Value {
    let name = "encoder.layer.\(index)"
    let normal = try normalization(input, "\(name).layernorm_before")
    let inner = "\(name).attention.attention"
    let attended = graph.attention(
      try projection(normal, "\(inner).query"), try projection(normal, "\(inner).key"),
      try projection(normal, "\(inner).value"), inner, heads: configuration.heads)
    let joined = try graph.projection(
      attended, "\(name).attention.output.dense", inputs: features, outputs: features, &parameters)
    let middle = graph.add(joined, input, "\(name).attention.output")

    let second = try normalization(middle, "\(name).layernorm_after")
    let width = configuration.innerWidth
    let wide = try graph.projection(
      second, "\(name).intermediate.dense", inputs: features, outputs: width, &parameters)
    let active = graph.activation(wide, "\(name).intermediate.activation", configuration.activation)
    let narrow = try graph.projection(active, "\(name).output.dense", inputs: width, outputs: features, &parameters)
    return graph.add(narrow, middle, "\(name).output")
  }

  /// Queries, keys or values, whose bias a network may lack.
  private mutating func projection(_ value: Value, _ name: String) throws -> Value {
    if configuration.hasBias {
      return try graph.projection(value, name, inputs: features, outputs: features, &parameters)
    }
    let weight = try parameters.take("\(name).weight", [features, features], .weight)
    guard weight.shape == [features, features], weight.type == .float32 else { return value }
    return try graph.linear(value, name, weight: weight, bias: nil)
  }

  mutating func normalization(_ value: Value, _ name: String) throws -> Value {
    try graph.layerNormalization(value, name, width: features, epsilon: configuration.epsilon, &parameters)
  }

  /// A fully connected layer on the class token.
  mutating func head(_ value: Value, _ name: String, outputs: Int) throws -> Value {
    try graph.linearOnFirstToken(value, name, inputs: features, outputs: outputs, &parameters)
  }

  /// The layer on the class token that a headless network may have, and its width.
  mutating func pooler(_ value: Value) throws -> (value: Value, width: Int)? {
    guard let width = parameters.shape(of: "pooler.dense.weight")?.first else { return nil }
    return (graph.node("Tanh", "pooler", [try head(value, "pooler.dense", outputs: width)]), width)
  }
}
