import GraphBuilder
import HuggingFace
import JSON
import ZooCore

/// An encoder of texts and one of pictures whose vectors can be compared (Radford et al. 2021, "Learning Transferable Visual
/// Models From Natural Language Supervision"), or one of the two.
///
/// Inputs are `input_ids` and `attention_mask`, int64 (N, S), and `pixel_values` (M, channels, height, width). Outputs of
/// both towers together are `logits_per_image` (M, N), `logits_per_text` (N, M), `text_embeds` (N, width) and
/// `image_embeds` (M, width), of length 1; of one tower `last_hidden_state` and its embeddings, or, where it has no
/// projection, `pooler_output`.
package struct CLIP: PretrainedFamily {
  package static let modelTypes = ["clip", "clip_text_model", "clip_vision_model"]

  private let text: CLIPText?
  private let picture: CLIPPicture?
  /// Components of the vectors.
  private let width: Int

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let network = try CLIP(folder)
    return try network.model(
      folder, NetworkBuilder("CLIP", Parameters(network.prefixed(canonicalWeights(folder.weights())))))
  }

  private init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    width = try settings.count("projection_dim", default: 512, most: 1 << 20)
    switch try folder.modelType {
    case "clip_text_model": (text, picture) = (try CLIPText(settings), nil)
    case "clip_vision_model": (text, picture) = (nil, try CLIPPicture(settings))
    default:
      text = try CLIPText(Self.part("text_config", settings, folder))
      picture = try CLIPPicture(Self.part("vision_config", settings, folder))
    }
  }

  /// The settings of a tower. Old files repeat some in a second object, which counts.
  private static func part(
    _ name: String, _ settings: PretrainedSettings, _ folder: PretrainedFolder
  ) -> PretrainedSettings {
    let members = [name, "\(name)_dict"].flatMap { settings.value($0)?.members ?? [] }
    return PretrainedSettings(.object(members), "\(folder.path)/config.json")
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    // The numbers of positions are those that the graph counts.
    let found = Parameters.unwrapped(weights).filter { !$0.name.hasSuffix("position_ids") }
    guard !found.isEmpty else { throw ZooError(.badData, "there are no weights") }
    return found
  }

  /// The tensors of one tower with the tower's name, which some files leave out.
  private func prefixed(_ weights: [NamedTensor]) -> [NamedTensor] {
    guard text == nil || picture == nil else { return weights }
    let prefix = text == nil ? "vision_model." : "text_model."
    return weights.map { item in
      let isWhole = item.name.hasPrefix(prefix) || item.name.hasSuffix("_projection.weight")
      return isWhole ? item : NamedTensor(name: prefix + item.name, tensor: item.tensor)
    }
  }

  private func model(_ folder: PretrainedFolder, _ builder: NetworkBuilder) throws -> ModelDefinition {
    var network = builder
    var metadata = ModelMetadata()
    metadata.architecture = "CLIP"
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    metadata.task = .textEmbedding
    let words = try text.map { try $0.states(&network) }
    let photo = try picture.map { try $0.states(batch: text == nil ? "N" : "M", &network) }
    if let text {
      metadata.tokenizer = try folder.tokenizer()
      metadata.embedding = EmbeddingSettings(pooling: .network, normalizes: false, maximumLength: text.positions)
    }
    if let picture { metadata.image = try folder.imagePreprocessing(or: picture.preprocessing) }
    if let words, let photo {
      try compare(words, photo, &network)
    } else if let tower = words ?? photo {
      network.graph.output(tower.states, "last_hidden_state", .float32, tower.shape)
      let projection = words == nil ? "visual_projection" : "text_projection"
      let isProjected = network.parameters.shape(of: "\(projection).weight") != nil
      let vector = isProjected ? try projected(tower, projection, &network) : tower.pooled
      let extent = isProjected ? ShapeDimension(.fixed(Int64(width))) : tower.shape[2]
      let name = !isProjected ? "pooler_output" : words == nil ? "image_embeds" : "text_embeds"
      network.graph.output(vector, name, .float32, ["N", extent])
    }
    try network.parameters.finish(for: "the towers that config.json describes")
    return network.graph.model(metadata: metadata)
  }

  private func projected(
    _ tower: CLIPTower.Value, _ name: String, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    try network.linear(tower.pooled, name, inputs: tower.width, outputs: width, hasBias: false)
  }

  /// The outputs of both towers.
  private func compare(
    _ words: CLIPTower.Value, _ photo: CLIPTower.Value, _ network: inout NetworkBuilder
  ) throws {
    let text = try unit(projected(words, "text_projection", &network), "text", &network)
    let image = try unit(projected(photo, "visual_projection", &network), "image", &network)
    let factor = network.graph.node("Exp", "logit_factor", [try network.parameter("logit_scale", [], .scale)])
    func logits(_ rows: GraphBuilder.Value, _ columns: GraphBuilder.Value, _ name: String) -> GraphBuilder.Value {
      let turned = network.graph.node("Transpose", "\(name).turned", [columns], [Attribute("perm", .ints([1, 0]))])
      let products = network.graph.node("MatMul", "\(name).cosines", [rows, turned])
      return network.graph.node("Mul", name, [products, factor])
    }
    let (byImage, byText) = (logits(image, text, "by_image"), logits(text, image, "by_text"))
    let extent = ShapeDimension(.fixed(Int64(width)))
    network.graph.output(byImage, "logits_per_image", .float32, ["M", "N"])
    network.graph.output(byText, "logits_per_text", .float32, ["N", "M"])
    network.graph.output(text, "text_embeds", .float32, ["N", extent])
    network.graph.output(image, "image_embeds", .float32, ["M", extent])
  }

  /// Vectors of length 1.
  private func unit(
    _ value: GraphBuilder.Value, _ name: String, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let axes = try network.graph.constant([1], "unit.axes")
    return network.graph.node(
      "Div", "\(name).unit", [value, network.graph.node("ReduceL2", "\(name).length", [value, axes])])
  }
}
