import GraphBuilder
import WeightBlocks
import ZooCore

/// Builds a decoder's graph layer by layer, under the names of Hugging Face's checkpoints.
///
/// Tokens lie in rows of one matrix, since weights are (outputs, inputs), in blocks as often as not, and Gemm takes them as
/// they are; only attention has a batch.
struct LanguageModelBuilder {
  typealias Value = GraphBuilder.Value

  var graph: GraphBuilder
  var parameters: Parameters
  private let configuration: LanguageModel.Configuration
  private let ids, positions: Value
  /// Cosines and sines of all layers, and of those with a window.
  private var angles: [Bool: (cosines: Value, sines: Value)] = [:]
  /// Batch and length.
  private var extents: Value?

  init(_ configuration: LanguageModel.Configuration, _ parameters: Parameters) {
    self.configuration = configuration
    self.parameters = parameters
    // Attention has windows from this set on.
    graph = GraphBuilder(name: configuration.title, operatorSet: configuration.isLocal.contains(true) ? 25 : 23)
    let shape: [ShapeDimension] = ["N", "T"]
    ids = graph.input("input_ids", .int64, shape)
    positions = graph.input("position_ids", .int64, shape)
  }

  /// The whole network.
  mutating func build() throws {
    let table = try parameters.take("embed_tokens.weight", [configuration.vocabulary, configuration.width], .weight)
    var value = try embeddings(table)
    for index in 0..<configuration.layers { value = try layer(value, index) }
    value = try normalization(value, "norm", configuration.width)
    let logits = try head(value, table)
    graph.output(
      logits, "logits", .float32, ["N", "T", ShapeDimension(.fixed(Int64(configuration.vocabulary)))])
  }

  // MARK: Embeddings and head

  private mutating func embeddings(_ table: StoredTensor) throws -> Value {
    let axis = [Attribute("axis", .int(0))]
    var value: Value
    if let (bytes, type) = table.blocks, type.hasProducts {
      let rows = graph.node("Gather", "embed_tokens.rows", [graph.constant(bytes, "embed_tokens.weight"), ids], axis)
      value = dequantized(rows, type, "embed_tokens")
    } else if let narrow = table.narrow {
      let rows = graph.node("Gather", "embed_tokens.rows", [graph.constant(narrow, "embed_tokens.weight"), ids], axis)
      value = widened(rows, "embed_tokens")
    } else {
      value = graph.node("Gather", "embed_tokens", [matrix(table, "embed_tokens.weight"), ids], axis)
    }
    value = graph.node("Reshape", "embed_tokens.flat", [value, try rows(of: configuration.width)])
    return try scaled(value, configuration.embeddingScale, "embed_tokens.scaled")
  }

  private mutating func head(_ value: Value, _ table: StoredTensor) throws -> Value {
    let (vocabulary, width) = (configuration.vocabulary, configuration.width)
    let weight = configuration.isTied ? table : try parameters.take("lm_head.weight", [vocabulary, width], .weight)
    let name = configuration.isTied ? "embed_tokens.weight" : "lm_head.weight"
    var logits = graph.node("Gemm", "lm_head", [value, matrix(weight, name)], [Attribute("transB", .int(1))])
    logits = try scaled(logits, configuration.logitScale, "lm_head.scaled")
    if let cap = configuration.logitCap {
      let limit = try graph.constant(cap, "lm_head.cap")
      let ratio = graph.node("Tanh", "lm_head.tanh", [graph.node("Div", "lm_head.ratio", [logits, limit])])
      logits = graph.node("Mul", "lm_head.capped", [ratio, limit])
    }
    return graph.node("Reshape", "lm_head.logits", [logits, try batch(of: vocabulary)])
  }

  // MARK: Layers

  /// Attention and a feed-forward network, each added to its input.
  private mutating func layer(_ input: Value, _ index: Int) throws -> Value {
    let name = "layers.\(index)"
    let kind = configuration.normalization
    func part(
      _ value: Value, before: String?, after: String?, _ name: String, _ builder: inout Self,
      _ body: (inout Self, Value) throws -> Value
    ) throws -> Value {
      let width = builder.configuration.width
      let given = try before.map { try builder.normalization(value, $0, width) } ?? value
      var result = try body(&builder, given)
      if let after { result = try builder.normalization(result, after, width) }
      result = try builder.scaled(result, builder.configuration.residualScale, "\(name).scaled")
      return builder.graph.add(result, value, "\(name).sum")
    }
    let middle = try part(
      input, before: kind == .after ? nil : "\(name).input_layernorm",
      after: kind == .before ? nil : "\(name).post_attention_layernorm", "\(name).self_attn", &self
    ) { try $0.attention($1, index, "\(name).self_attn") }
    let before: String? =
      switch kind {
      case .before: "\(name).post_attention_layernorm"
      case .around: "\(name).pre_feedforward_layernorm"
      case .after: nil
      }
    return try part(
      middle, before: before, after: kind == .before ? nil : "\(name).post_feedforward_layernorm", "\(name).mlp", &self
    ) { try $0.network($1, "\(name).mlp") }
  }

  private mutating func attention(_ value: Value, _ index: Int, _ name: String) throws -> Value {
    let (heads, keyHeads, size) = (configuration.heads, configuration.keyHeads, configuration.headSize)
    let isLocal = configuration.isLocal[index]
    let widths = [heads * size, keyHeads * size, keyHeads * size]
    let parts = try split(value, widths, names: ["q_proj", "k_proj", "v_proj"], fused: "qkv_proj", name)
    var query = try normalizedHeads(parts[0], "\(name).q_norm", width: widths[0])
    var key = try normalizedHeads(parts[1], "\(name).k_norm", width: widths[1])
    let values = graph.node("Reshape", "\(name).values", [parts[2], try batch(of: widths[2])])
    if configuration.isTurned[index] {
      query = try turned(query, heads, isLocal, "\(name).turned_queries")
      key = try turned(key, keyHeads, isLocal, "\(name).turned_keys")
    }
    var attributes = [
      Attribute("q_num_heads", .int(Int64(heads))), Attribute("kv_num_heads", .int(Int64(keyHeads))),
      Attribute("is_causal", .int(1)),
    ]
    if let scale = configuration.attentionScale { attributes.append(Attribute("scale", .float(scale))) }
    if let cap = configuration.attentionCap { attributes.append(Attribute("softcap", .float(cap))) }
    if isLocal, let window = configuration.window {
      attributes.append(Attribute("left_window_size", .int(Int64(window - 1))))
    }
    let attended = graph.node("Attention", name, [query, key, values], attributes)
    let flat = graph.node("Reshape", "\(name).flat", [attended, try rows(of: widths[0])])
    return try linear(
      flat, "\(name).o_proj", widths[0], configuration.width, hasBias: configuration.outputBias)
  }

  /// Queries or keys (rows, width), normalized if the family does that, as (N, T, width).
  private mutating func normalizedHeads(_ value: Value, _ name: String, width: Int) throws -> Value {
    var value = value
    switch configuration.headNormalization {
    case .none: break
    case .all: value = try normalization(value, name, width)
    case .head:
      let single = graph.node("Reshape", "\(name).heads", [value, try rows(of: configuration.headSize)])
      value = try normalization(single, name, configuration.headSize)
    }
    return graph.node("Reshape", "\(name).batch", [value, try batch(of: width)])
  }

  private mutating func turned(_ value: Value, _ heads: Int, _ isLocal: Bool, _ name: String) throws -> Value {
    let own = isLocal ? configuration.localRotary : nil
    let angles = try angles(own ?? configuration.rotary, isLocal: own != nil)
    return graph.node(
      "RotaryEmbedding", name, [value, angles.cosines, angles.sines],
      [
        Attribute("num_heads", .int(Int64(heads))),
        Attribute("interleaved", .int(configuration.isInterleaved ? 1 : 0)),
        Attribute("rotary_embedding_dim", .int(Int64(2 * (own ?? configuration.rotary).pairs))),
      ])
  }

  /// Cosines and sines, (N, T, pairs), computed once for all layers.
  private mutating func angles(_ rotary: RotaryAngles, isLocal: Bool) throws -> (cosines: Value, sines: Value) {
    if let known = angles[isLocal] { return known }
    let name = isLocal ? "rotary.local" : "rotary"
    func numbers(_ numbers: [Float], _ name: String) throws -> Value {
      graph.constant(StoredTensor(try Tensor(numbers, shape: [1, 1, numbers.count])), name)
    }
    var frequencies = try numbers(rotary.frequencies, "\(name).frequencies")
    if let long = rotary.longFrequencies {
      let last = graph.node("ReduceMax", "\(name).last", [positions], [Attribute("keepdims", .int(0))])
      let limit = graph.constant(
        StoredTensor(try Tensor([Int64(rotary.switchPosition)], shape: [])), "\(name).limit")
      let isLong = graph.node("GreaterOrEqual", "\(name).is_long", [last, limit])
      frequencies = graph.node(
        "Where", "\(name).chosen", [isLong, try numbers(long, "\(name).long_frequencies"), frequencies])
    }
    let places = graph.node(
      "Cast", "\(name).positions", [positions], [Attribute("to", .int(Int64(ElementType.float32.rawValue)))])
    let column = graph.node("Unsqueeze", "\(name).column", [places, try graph.constant([2], "\(name).axes")])
    let angles = graph.node("Mul", "\(name).angles", [column, frequencies])
    let cosines = try scaled(graph.node("Cos", "\(name).cosines", [angles]), rotary.factor, "\(name).scaled_cosines")
    let sines = try scaled(graph.node("Sin", "\(name).sines", [angles]), rotary.factor, "\(name).scaled_sines")
    self.angles[isLocal] = (cosines, sines)
    return (cosines, sines)
  }

  /// down(activation(gate) · up)
  private mutating func network(_ value: Value, _ name: String) throws -> Value {
    let (width, inner) = (configuration.width, configuration.innerWidth)
    let parts = try split(value, [inner, inner], names: ["gate_proj", "up_proj"], fused: "gate_up_proj", name)
    let gate = try graph.activation(parts[0], "\(name).act_fn", configuration.activation)
    let product = graph.node("Mul", "\(name).gated", [gate, parts[1]])
    return try linear(product, "\(name).down_proj", inner, width, hasBias: configuration.innerBias)
  }

  // MARK: Parts

  /// Layers over the same input, which may be one.
  private mutating func split(
    _ value: Value, _ widths: [Int], names: [String], fused: String, _ name: String
  ) throws -> [Value] {
    let hasBias = names.count == 3 ? configuration.inputBias : configuration.innerBias
    guard configuration.isFused else {
      var parts: [Value] = []
      for (width, part) in zip(widths, names) {
        parts.append(try linear(value, "\(name).\(part)", configuration.width, width, hasBias: hasBias))
      }
      return parts
    }
    let joined = try linear(
      value, "\(name).\(fused)", configuration.width, widths.reduce(0, +), hasBias: hasBias)
    return graph.nodes(
      "Split", "\(name).parts", [joined, try graph.constant(widths.map(Int64.init), "\(fused).widths")],
      outputs: names.map { "\(name).\($0)" }, [Attribute("axis", .int(1))])
  }

  private mutating func linear(
    _ value: Value, _ name: String, _ inputs: Int, _ outputs: Int, hasBias: Bool
  ) throws -> Value {
    let weight = try parameters.take("\(name).weight", [outputs, inputs], .weight)
    var operands = [value, matrix(weight, "\(name).weight")]
    if hasBias {
      operands.append(graph.constant(try parameters.take("\(name).bias", [outputs], .shift), "\(name).bias"))
    }
    return graph.node("Gemm", name, operands, [Attribute("transB", .int(1))])
  }

  /// A constant matrix; one in blocks stays in them, one of 16 bits in these.
  private mutating func matrix(_ weight: StoredTensor, _ name: String) -> Value {
    if let (bytes, type) = weight.blocks { return dequantized(graph.constant(bytes, name), type, "\(name).numbers") }
    if let narrow = weight.narrow { return widened(graph.constant(narrow, name), "\(name).numbers") }
    return graph.constant(weight, name)
  }

  private mutating func widened(_ value: Value, _ name: String) -> Value {
    graph.node("Cast", name, [value], [Attribute("to", .int(Int64(ElementType.float32.rawValue)))])
  }

  private mutating func dequantized(_ bytes: Value, _ type: GGUFType, _ name: String) -> Value {
    graph.node(
      "DequantizeBlocks", domain: "zoo.weights", version: 1, name, [bytes],
      [Attribute("type", .int(Int64(type.rawValue)))], outputs: [""])[0]
  }

  /// value / √(mean of squares + ε) · scale (Zhang and Sennrich 2019), over the last axis.
  private mutating func normalization(_ value: Value, _ name: String, _ width: Int) throws -> Value {
    var scale = try parameters.take("\(name).weight", [width], .scale)
    if configuration.addsOneToScales, scale.shape == [width], !parameters.areRandom {
      scale = StoredTensor(try Tensor(scale.load().elements(Float.self).map { $0 + 1 }, shape: [width]))
    }
    return graph.node(
      "RMSNormalization", name, [value, graph.constant(scale, "\(name).weight")],
      [Attribute("axis", .int(-1)), Attribute("epsilon", .float(configuration.epsilon))])
  }

  private mutating func scaled(_ value: Value, _ factor: Float, _ name: String) throws -> Value {
    factor == 1 ? value : graph.node("Mul", name, [value, try graph.constant(factor, "\(name).factor")])
  }

  /// The shape (rows, width).
  private mutating func rows(of width: Int) throws -> Value {
    try graph.constant([-1, Int64(width)], "rows.\(width)")
  }

  /// The shape (N, T, width).
  private mutating func batch(of width: Int) throws -> Value {
    let name = "batch.\(width)"
    if let known = shapes[width] { return known }
    let extents = extents ?? graph.node("Shape", "batch", [ids])
    self.extents = extents
    let shape = graph.node(
      "Concat", name, [extents, try graph.constant([Int64(width)], "\(name).width")], [Attribute("axis", .int(0))])
    shapes[width] = shape
    return shape
  }

  private var shapes: [Int: Value] = [:]
}
