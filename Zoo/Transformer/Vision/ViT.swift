import GraphBuilder
import HuggingFace
import ZooCore

/// The Vision Transformer (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words") as Hugging Face's transformers save
/// it: the encoder of a Transformer over the patches of a picture and a token for the class; and DeiT (Touvron et al. 2021),
/// which has a token for a teacher's answer too.
///
/// The input is `pixel_values` (N, channels, height, width). Outputs are `logits` (N, classes), or, of an encoder without
/// a classifier, `last_hidden_state` (N, tokens, width) and, if it has that layer, `pooler_output` (N, width).
package struct ViT: PretrainedFamily {
  package static let modelTypes = ["vit", "deit"]

  private let isDeiT: Bool
  private let embeddings: PatchEmbeddings
  private let layers: Int
  private let layer: EncoderLayer
  private let poolerActivation: Activation

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let network = try ViT(folder)
    return try network.model(folder, NetworkBuilder("vit", Parameters(canonicalWeights(folder.weights()))))
  }

  private init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    isDeiT = try folder.modelType == "deit"
    layers = try settings.count("num_hidden_layers", default: 12)
    layer = EncoderLayer(
      names: Self.names, width: try settings.count("hidden_size", default: 768),
      heads: try settings.count("num_attention_heads", default: 12),
      innerWidth: try settings.count("intermediate_size", default: 3072),
      activation: try settings.activation("hidden_act", default: "gelu"),
      epsilon: try settings.float("layer_norm_eps", default: 1e-12), normalizesFirst: true,
      hasInputBias: try settings.bool("qkv_bias", default: true))
    poolerActivation = try settings.activation("pooler_act", default: "tanh")
    embeddings = try PatchEmbeddings(settings, patchSize: 16, features: layer.width)
    guard layers <= 1000, layer.width % layer.heads == 0 else {
      throw ZooError(
        .badData, "\(layers) layers, \(layer.heads) heads, a width of \(layer.width): the sizes make no sense",
        at: "\(folder.path)/config.json")
    }
  }

  private static let names = EncoderLayer.Names(
    query: "attention.attention.query", key: "attention.attention.key", value: "attention.attention.value",
    attentionOutput: "attention.output.dense", attentionNormalization: "layernorm_before", inner: "intermediate.dense",
    outer: "output.dense", outputNormalization: "layernorm_after")

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    // The token stands for hidden patches in pre-training.
    try Self.weights(Self.weights(weights, without: "vit."), without: "deit.")
      .filter { $0.name != "embeddings.mask_token" && !$0.name.hasPrefix("decoder.") }
      .map { NamedTensor(name: savedName($0.name), tensor: $0.tensor) }
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

  private func model(_ folder: PretrainedFolder, _ builder: NetworkBuilder) throws -> ModelDefinition {
    var network = builder
    let states = try states(of: network.graph.input("pixel_values", .float32, embeddings.shape), &network)
    var metadata = ModelMetadata()
    metadata.architecture = isDeiT ? "DeiT" : "ViT"
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    if let (logits, classes) = try logits(of: states, &network) {
      network.graph.output(logits, "logits", .float32, ["N", ShapeDimension(.fixed(Int64(classes)))])
      let (height, width) = (embeddings.height, embeddings.width)
      try metadata.classifiesPictures(
        folder, classes: classes,
        or: ImagePreprocessing(
          resize: .exact(height: height, width: width), height: height, width: width, mean: [0.5, 0.5, 0.5],
          deviation: [0.5, 0.5, 0.5]))
    } else {
      let pooled = try pooler(of: states, &network)
      let tokens = ShapeDimension(.fixed(Int64(embeddings.patches + (isDeiT ? 2 : 1))))
      network.graph.output(
        states, "last_hidden_state", .float32, ["N", tokens, ShapeDimension(.fixed(Int64(layer.width)))])
      if let pooled {
        network.graph.output(
          pooled.value, "pooler_output", .float32, ["N", ShapeDimension(.fixed(Int64(pooled.width)))])
      }
    }
    try network.parameters.finish(for: "the Vision Transformer that config.json describes")
    return network.graph.model(metadata: metadata)
  }

  /// The tokens' vectors: (N, tokens, width).
  private func states(of image: GraphBuilder.Value, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    let patches = try embeddings.value(of: image, "embeddings.patch_embeddings.projection", &network)
    let tokens = try (isDeiT ? ["cls_token", "distillation_token"] : ["cls_token"]).map {
      try network.parameter("embeddings.\($0)", [1, 1, layer.width])
    }
    let places = try network.parameter(
      "embeddings.position_embeddings", [1, embeddings.patches + tokens.count, layer.width])
    var value = network.graph.add(
      try embeddings.joining(tokens, patches, of: image, &network), places, "embeddings")
    for index in 0..<layers { value = try network.layer(value, "encoder.layer.\(index)", layer) }
    return try network.normalization(value, "layernorm", width: layer.width, epsilon: layer.epsilon)
  }

  /// What the classifier, or the mean of those of the class and of the teacher, gives.
  private func logits(
    of states: GraphBuilder.Value, _ network: inout NetworkBuilder
  ) throws -> (GraphBuilder.Value, classes: Int)? {
    func logits(_ name: String, _ token: Int, _ classes: Int) throws -> GraphBuilder.Value {
      let token = try network.graph.token(token, of: states, name)
      return try network.graph.linear(token, name, inputs: layer.width, outputs: classes, &network.parameters)
    }
    if let classes = network.parameters.shape(of: "classifier.weight")?.first {
      return (try logits("classifier", 0, classes), classes)
    }
    guard isDeiT, let classes = network.parameters.shape(of: "cls_classifier.weight")?.first else { return nil }
    let sum = network.graph.add(
      try logits("cls_classifier", 0, classes), try logits("distillation_classifier", 1, classes), "classifiers")
    return (network.graph.node("Mul", "mean", [sum, try network.graph.constant(0.5, "half")]), classes)
  }

  /// The layer on the class token that a headless network may have, and its width.
  private func pooler(
    of states: GraphBuilder.Value, _ network: inout NetworkBuilder
  ) throws -> (value: GraphBuilder.Value, width: Int)? {
    guard let width = network.parameters.shape(of: "pooler.dense.weight")?.first else { return nil }
    let token = try network.graph.token(0, of: states, "pooler.dense")
    let value = try network.graph.linear(
      token, "pooler.dense", inputs: layer.width, outputs: width, &network.parameters)
    return (try network.graph.activation(value, "pooler", poolerActivation), width)
  }
}
