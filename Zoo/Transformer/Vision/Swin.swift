import GraphBuilder
import HuggingFace
import ZooCore

/// The Transformer over windows of a picture that are shifted from layer to layer (Liu et al. 2021, "Swin Transformer").
///
/// The input is `pixel_values` (N, channels, height, width). Outputs are `logits` (N, classes), or, of an encoder without
/// a classifier, `last_hidden_state` (N, places, width) and `pooler_output` (N, width), their mean.
package struct Swin: PretrainedFamily {
  package static let modelTypes = ["swin"]

  private let embeddings: PatchEmbeddings
  /// Layers and heads of each stage.
  private let depths, heads: [Int]
  private let window: Int
  private let ratio: Double
  private let hasInputBias, hasPlaces: Bool
  private let activation: Activation
  private let epsilon: Float

  private var stages: Int { depths.count }
  private func width(_ stage: Int) -> Int { embeddings.features << stage }

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let network = try Swin(folder)
    return try network.model(folder, NetworkBuilder("swin", Parameters(canonicalWeights(folder.weights()))))
  }

  private init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    embeddings = try PatchEmbeddings(
      settings, patchSize: 4, features: try settings.count("embed_dim", default: 96, most: 1 << 12))
    depths = try settings.counts("depths", default: [2, 2, 6, 2], most: 100)
    heads = try settings.counts("num_heads", default: [3, 6, 12, 24], most: 1 << 12)
    window = try settings.count("window_size", default: 7, most: 32)
    ratio = settings.value("mlp_ratio")?.number ?? 4
    hasInputBias = try settings.bool("qkv_bias", default: true)
    hasPlaces = try settings.bool("use_absolute_embeddings", default: false)
    activation = try settings.activation("hidden_act", default: "gelu")
    epsilon = try settings.float("layer_norm_eps", default: 1e-5)
    guard depths.count == heads.count, depths.count <= 8, ratio > 0, ratio <= 64,
      heads.indices.allSatisfy({ width($0) % heads[$0] == 0 })
    else {
      throw ZooError(
        .badData, "stages of \(depths) layers with \(heads) heads make no sense", at: "\(folder.path)/config.json")
    }
    guard embeddings.height % embeddings.patchHeight == 0, embeddings.width % embeddings.patchWidth == 0 else {
      throw ZooError(
        .unsupported, "pictures (\"image_size\") that are not whole patches are not built",
        at: "\(folder.path)/config.json")
    }
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    // The index follows from the window; the token stands for hidden patches in pre-training.
    try Self.weights(weights, without: "swin.").filter {
      !$0.name.hasSuffix("relative_position_index") && $0.name != "embeddings.mask_token"
        && !$0.name.hasPrefix("decoder.")
    }.map { NamedTensor(name: savedName($0.name), tensor: $0.tensor) }
  }

  /// By the names that transformers 5 has for a layer's parts in memory, those that it saves them under.
  private static let savedNames: KeyValuePairs<String, String> = [
    ".attention.q_proj.": ".attention.self.query.", ".attention.k_proj.": ".attention.self.key.",
    ".attention.v_proj.": ".attention.self.value.", ".attention.o_proj.": ".attention.output.dense.",
    ".attention.relative_position_bias.": ".attention.self.", ".mlp.fc1.": ".intermediate.dense.",
    ".mlp.fc2.": ".output.dense.",
  ]

  private static func savedName(_ name: String) -> String {
    for (part, saved) in savedNames {
      guard let range = name.firstRange(of: part) else { continue }
      return name[..<range.lowerBound] + saved + name[range.upperBound...]
    }
    return name
  }

  private func model(_ folder: PretrainedFolder, _ builder: NetworkBuilder) throws -> ModelDefinition {
    var network = builder
    let image = network.graph.input("pixel_values", .float32, embeddings.shape)
    let (states, places) = try states(of: image, &network)
    let features = width(stages - 1)
    let pooled = network.graph.node(
      "ReduceMean", "pooler", [states, try network.graph.constant([1], "pooler.axes")],
      [Attribute("keepdims", .int(0))])

    var metadata = ModelMetadata()
    metadata.architecture = "Swin"
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    if let classes = network.parameters.shape(of: "classifier.weight")?.first {
      let logits = try network.graph.linear(
        pooled, "classifier", inputs: features, outputs: classes, &network.parameters)
      network.graph.output(logits, "logits", .float32, ["N", ShapeDimension(.fixed(Int64(classes)))])
      let (height, width) = (embeddings.height, embeddings.width)
      try metadata.classifiesPictures(
        folder, classes: classes,
        or: ImagePreprocessing(
          resize: .exact(height: height, width: width), filter: .bicubic, height: height, width: width,
          mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]))
    } else {
      let width = ShapeDimension(.fixed(Int64(features)))
      network.graph.output(states, "last_hidden_state", .float32, ["N", ShapeDimension(.fixed(Int64(places))), width])
      network.graph.output(pooled, "pooler_output", .float32, ["N", width])
    }
    try network.parameters.finish(for: "the Swin Transformer that config.json describes")
    return network.graph.model(metadata: metadata)
  }

  /// The vectors of the places that the last stage has, (N, places, width), and how many they are.
  private func states(
    of image: GraphBuilder.Value, _ network: inout NetworkBuilder
  ) throws -> (GraphBuilder.Value, places: Int) {
    let patches = try embeddings.value(of: image, "embeddings.patch_embeddings.projection", &network)
    var value = try network.normalization(patches, "embeddings.norm", width: width(0), epsilon: 1e-5)
    if hasPlaces {
      let places = try network.parameter("embeddings.position_embeddings", [1, embeddings.patches, width(0)])
      value = network.graph.add(value, places, "embeddings")
    }
    var (rows, columns) = (embeddings.rows, embeddings.columns)
    for stage in 0..<stages {
      let name = "encoder.layers.\(stage)"
      for index in 0..<depths[stage] {
        // In a picture no larger than a window nothing is shifted.
        let isShifted = index % 2 == 1 && min(rows, columns) > window
        let grid = try SwinGrid(rows: rows, columns: columns, window: window, shift: isShifted ? window / 2 : 0)
        value = try layer(value, "\(name).blocks.\(index)", stage, grid, &network)
      }
      guard stage < stages - 1 else { break }
      value = try merged(value, "\(name).downsample", width(stage), rows, columns, &network)
      (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2)
    }
    let normal = try network.normalization(value, "layernorm", width: width(stages - 1), epsilon: epsilon)
    return (normal, rows * columns)
  }

  private func layer(
    _ input: GraphBuilder.Value, _ name: String, _ stage: Int, _ grid: SwinGrid, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let features = width(stage)
    let layer = EncoderLayer(
      names: EncoderLayer.Names(
        query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
        attentionOutput: "attention.output.dense", attentionNormalization: "layernorm_before",
        inner: "intermediate.dense", outer: "output.dense", outputNormalization: "layernorm_after"),
      width: features, heads: heads[stage], innerWidth: Int(ratio * Double(features)), activation: activation,
      epsilon: epsilon, normalizesFirst: true, hasInputBias: hasInputBias)
    let normal = try network.normalization(input, "\(name).layernorm_before", width: features, epsilon: epsilon)
    let windows = try grid.windows(of: normal, "\(name).windows", features, &network.graph)
    let mask = try grid.mask("\(name).attention.self", heads: heads[stage], windows: windows, &network)
    let attended = try network.attention(windows, name, layer, mask: mask)
    let joined = try grid.joined(attended, "\(name).joined", features, &network.graph)
    let middle = network.graph.add(joined, input, "\(name).attention.sum")
    let second = try network.normalization(middle, "\(name).layernorm_after", width: features, epsilon: epsilon)
    return network.graph.add(try network.feedForward(second, name, layer), middle, "\(name).sum")
  }

  /// Four neighbours side by side, projected to half their width.
  private func merged(
    _ value: GraphBuilder.Value, _ name: String, _ features: Int, _ rows: Int, _ columns: Int,
    _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let shape = try network.graph.constant([0, Int64(rows), Int64(columns), Int64(features)], "\(name).shape")
    let picture = network.graph.node("Reshape", "\(name).picture", [value, shape])
    let whole = try network.graph.pad(
      picture, "\(name).padded", before: [0, 0, 0, 0], after: [0, rows % 2, columns % 2, 0])
    let step = try network.graph.constant([2, 2], "\(name).steps")
    let axes = try network.graph.constant([1, 2], "\(name).axes")
    let ends = try network.graph.constant([Int64.max, Int64.max], "\(name).ends")
    let parts = try [(0, 0), (1, 0), (0, 1), (1, 1)].map { row, column in
      let start = try network.graph.constant([Int64(row), Int64(column)], "\(name).start.\(row)\(column)")
      return network.graph.node("Slice", "\(name).part.\(row)\(column)", [whole, start, ends, axes, step])
    }
    let joined = network.graph.node("Concat", "\(name).joined", parts, [Attribute("axis", .int(3))])
    let places = Int64((rows + 1) / 2 * ((columns + 1) / 2))
    let flat = network.graph.node(
      "Reshape", "\(name).flat",
      [joined, try network.graph.constant([0, places, Int64(4 * features)], "\(name).flat.shape")])
    let normal = try network.normalization(flat, "\(name).norm", width: 4 * features, epsilon: 1e-5)
    return try network.linear(
      normal, "\(name).reduction", inputs: 4 * features, outputs: 2 * features, hasBias: false)
  }
}
