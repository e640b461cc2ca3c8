import GraphBuilder
import HuggingFace
import JSON
import ZooCore

/// An encoder with rotary positions, windows of attention and gated feed-forward networks (Warner et al. 2024, "Smarter,
/// Better, Faster, Longer", ModernBERT).
package struct ModernBERT: TextEncoder {
  package static let modelTypes = ["modernbert"]
  static let prefixes = ["model."]
  static let parts = ["embeddings.", "layers.", "final_norm."]

  private let vocabulary: Int
  let width: Int
  private let heads, innerWidth: Int
  let usablePositions: Int
  private let activation: Activation
  private let epsilon: Float
  private let hasNormBias, hasAttentionBias, hasInnerBias, hasClassifierBias: Bool
  private let classifierActivation: Activation
  private let classifierPooling: String
  /// Whether each layer sees only so far as the window reaches.
  private let isLocal: [Bool]
  /// How far a token sees in such a layer, before and behind.
  private let reach: Int
  private let globalBase, localBase: Double

  var title: String { "ModernBERT" }
  var hasTypes: Bool { false }
  private var headSize: Int { width / heads }

  init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    try settings.require(["rope_scaling": .null])
    vocabulary = try settings.count("vocab_size", default: 50368)
    width = try settings.count("hidden_size", default: 768, most: 1 << 16)
    heads = try settings.count("num_attention_heads", default: 12)
    innerWidth = try settings.count("intermediate_size", default: 1152)
    usablePositions = try settings.count("max_position_embeddings", default: 8192)
    activation = try settings.activation("hidden_activation", default: "gelu")
    epsilon = try settings.float("norm_eps", default: 1e-5)
    hasNormBias = try settings.bool("norm_bias", default: false)
    hasAttentionBias = try settings.bool("attention_bias", default: false)
    hasInnerBias = try settings.bool("mlp_bias", default: false)
    hasClassifierBias = try settings.bool("classifier_bias", default: false)
    classifierActivation = try settings.activation("classifier_activation", default: "gelu")
    classifierPooling = try settings.text("classifier_pooling", default: "cls")
    reach = try settings.count("local_attention", default: 128) / 2
    isLocal = try Self.layerKinds(settings)
    globalBase = try Self.base(settings, "full_attention", "global_rope_theta", usual: 160_000)
    localBase = try Self.base(settings, "sliding_attention", "local_rope_theta", usual: 10_000)
    guard width % heads == 0, headSize % 2 == 0, usablePositions <= 1 << 20,
      ["cls", "mean"].contains(classifierPooling)
    else {
      throw ZooError(
        .badData, "\(heads) heads can't share a width of \(width), or \"classifier_pooling\" is neither cls nor mean",
        at: "\(folder.path)/config.json")
    }
  }

  private static func layerKinds(_ settings: PretrainedSettings) throws -> [Bool] {
    let layers = try settings.count("num_hidden_layers", default: 22, most: 1000)
    guard let kinds = settings.value("layer_types")?.list?.map(\.text) else {
      let period = try settings.count("global_attn_every_n_layers", default: 3)
      return (0..<layers).map { $0 % period != 0 }
    }
    guard kinds.count == layers, kinds.allSatisfy({ $0 == "full_attention" || $0 == "sliding_attention" }) else {
      throw ZooError(
        .unsupported, "\"layer_types\" lists something else than \(layers) known layers", at: "config.json")
    }
    return kinds.map { $0 == "sliding_attention" }
  }

  /// The base of the rotations' periods.
  private static func base(
    _ settings: PretrainedSettings, _ kind: String, _ oldName: String, usual: Double
  ) throws -> Double {
    let parameters = settings.value("rope_parameters")?[kind]
    guard parameters?["rope_type"]?.text ?? "default" == "default" else {
      throw ZooError(
        .unsupported, "\"rope_type\" is \(parameters?["rope_type"]?.document ?? ""), not default", at: "config.json")
    }
    let base = parameters?["rope_theta"]?.number ?? settings.value(oldName)?.number ?? usual
    guard base.isFinite, base > 0 else { throw ZooError(.badData, "\"\(oldName)\" is \(base)", at: "config.json") }
    return base
  }

  func states(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    let words = try network.embedding(inputs.ids, "embeddings.tok_embeddings", rows: vocabulary, width: width)
    var value = try normalization(words, "embeddings.norm", &network)
    let everything = try network.graph.visibleKeys(inputs.mask, "attention_mask")
    let near = try isLocal.contains(true) ? near(inputs, everything, &network) : everything
    let rotations = try [false, true].map { try rotation(inputs, isLocal: $0, &network) }
    for (index, isLocal) in isLocal.enumerated() {
      let name = "layers.\(index)"
      let normal = index == 0 ? value : try normalization(value, "\(name).attn_norm", &network)
      let attended = try attention(
        normal, "\(name).attn", mask: isLocal ? near : everything, rotations[isLocal ? 1 : 0], &network)
      let middle = network.graph.add(attended, value, "\(name).attn.sum")
      let outer = try feedForward(try normalization(middle, "\(name).mlp_norm", &network), "\(name).mlp", &network)
      value = network.graph.add(outer, middle, "\(name).mlp.sum")
    }
    return try normalization(value, "final_norm", &network)
  }

  func features(
    _ states: GraphBuilder.Value, _ inputs: TextInputs, of head: TextClassifier, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value? {
    var value = states
    if head == .sequence {
      value =
        classifierPooling == "cls"
        ? try network.graph.token(0, of: states, "head")
        : try SentencePooling(.mean).apply(to: states, mask: inputs.mask, &network.graph)
    }
    let dense = try network.linear(value, "head.dense", inputs: width, outputs: width, hasBias: hasClassifierBias)
    return try normalization(
      network.graph.activation(dense, "head.activation", classifierActivation), "head.norm", &network)
  }

  private func normalization(
    _ value: GraphBuilder.Value, _ name: String, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    try network.normalization(value, name, width: width, epsilon: epsilon, hasBias: hasNormBias)
  }

  /// The keys that each query sees in a window: (N, 1, S, S).
  private func near(
    _ inputs: TextInputs, _ visible: GraphBuilder.Value, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let distance = network.graph.node("Abs", "window.distance.size", [try network.distances(inputs.ids, "window")])
    let isNear = network.graph.node(
      "LessOrEqual", "window", [distance, try network.graph.constant([Int64(reach)], "window.reach")])
    return network.graph.node("And", "window.visible", [visible, isNear])
  }

  /// Cosines and sines of the angles by which the tokens' queries and keys are turned (Su et al. 2021, "RoFormer"):
  /// (S, 1, size of a head).
  private struct Rotation {
    let cosines, sines: GraphBuilder.Value
  }

  private func rotation(
    _ inputs: TextInputs, isLocal: Bool, _ network: inout NetworkBuilder
  ) throws -> Rotation {
    let name = isLocal ? "rotation.local" : "rotation.global"
    let base = Float(isLocal ? localBase : globalBase)
    // In single precision, as the published code has it.
    let frequencies = (0..<headSize / 2).map { 1 / pow(base, Float(2 * $0) / Float(headSize)) }
    let table = network.graph.constant(
      StoredTensor(try Tensor(frequencies + frequencies, shape: [1, headSize])), "\(name).frequencies")
    let places = network.graph.node(
      "Cast", "\(name).numbers", [try network.places(inputs.ids, name)],
      [Attribute("to", .int(Int64(ElementType.float32.rawValue)))])
    let column = network.graph.node(
      "Unsqueeze", "\(name).column", [places, try network.graph.constant([1, 2], "\(name).axes")])
    let angles = network.graph.node("Mul", "\(name).angles", [column, table])
    return Rotation(
      cosines: network.graph.node("Cos", "\(name).cosines", [angles]),
      sines: network.graph.node("Sin", "\(name).sines", [angles]))
  }

  private func attention(
    _ value: GraphBuilder.Value, _ name: String, mask: GraphBuilder.Value, _ rotation: Rotation,
    _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let joined = try network.linear(
      value, "\(name).Wqkv", inputs: width, outputs: 3 * width, hasBias: hasAttentionBias)
    let widths = try network.graph.constant([Int64](repeating: Int64(width), count: 3), "attention.widths")
    let parts = network.graph.nodes(
      "Split", "\(name).parts", [joined, widths], outputs: ["query", "key", "value"].map { "\(name).\($0)" },
      [Attribute("axis", .int(2))])
    let attended = network.graph.attention(
      try rotated(parts[0], "\(name).query", rotation, &network),
      try rotated(parts[1], "\(name).key", rotation, &network),
      parts[2], "\(name).heads", mask: mask, heads: heads)
    return try network.linear(attended, "\(name).Wo", inputs: width, outputs: width, hasBias: hasAttentionBias)
  }

  /// Queries or keys turned by the angles of their places: x · cos + (−x₂, x₁) · sin, by heads.
  private func rotated(
    _ value: GraphBuilder.Value, _ name: String, _ rotation: Rotation, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let half = Int64(headSize / 2)
    let split = try network.graph.constant([0, 0, Int64(heads), Int64(headSize)], "rotation.heads")
    let byHeads = network.graph.node("Reshape", "\(name).by_heads", [value, split])
    let halves = network.graph.nodes(
      "Split", "\(name).halves", [byHeads, try network.graph.constant([half, half], "rotation.halves")],
      outputs: ["\(name).first", "\(name).second"], [Attribute("axis", .int(3))])
    let turned = network.graph.node(
      "Concat", "\(name).turned", [network.graph.node("Neg", "\(name).negated", [halves[1]]), halves[0]],
      [Attribute("axis", .int(3))])
    let sum = network.graph.add(
      network.graph.node("Mul", "\(name).by_cosines", [byHeads, rotation.cosines]),
      network.graph.node("Mul", "\(name).by_sines", [turned, rotation.sines]), "\(name).rotated")
    return network.graph.node(
      "Reshape", "\(name).flat", [sum, try network.graph.constant([0, 0, Int64(width)], "rotation.width")])
  }

  /// Wo(act(a) · b), where Wi gives a and b side by side (Shazeer 2020, "GLU Variants Improve Transformer").
  private func feedForward(
    _ value: GraphBuilder.Value, _ name: String, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let joined = try network.linear(value, "\(name).Wi", inputs: width, outputs: 2 * innerWidth, hasBias: hasInnerBias)
    let widths = try network.graph.constant([Int64(innerWidth), Int64(innerWidth)], "mlp.widths")
    let parts = network.graph.nodes(
      "Split", "\(name).parts", [joined, widths], outputs: ["\(name).input", "\(name).gate"],
      [Attribute("axis", .int(2))])
    let active = try network.graph.activation(parts[0], "\(name).activation", activation)
    let gated = network.graph.node("Mul", "\(name).gated", [active, parts[1]])
    return try network.linear(gated, "\(name).Wo", inputs: innerWidth, outputs: width, hasBias: hasInnerBias)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
