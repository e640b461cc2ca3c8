import GraphBuilder
import ZooCore

/// Writes one network of the family.
struct TransformerBuilder {
  typealias Value = GraphBuilder.Value

  var graph: GraphBuilder
  var parameters: Parameters
  private let c: TransformerConfiguration
  private var embedding: Value
  private var scale: Value?

  init(_ configuration: TransformerConfiguration, _ parameters: Parameters, name: String) {
    c = configuration
    self.parameters = parameters
    // Attention came with operator set 23, Swish with 24.
    graph = GraphBuilder(name: name, operatorSet: configuration.activation == "Swish" ? 24 : 23)
    embedding = Value(name: "")
  }

  mutating func build() throws {
    let source = graph.input("input_ids", .int64, ["N", "S"])
    let attended = graph.input("attention_mask", .int64, ["N", "S"])
    let target = graph.input("decoder_input_ids", .int64, ["N", "T"])
    let places = graph.input("decoder_position_ids", .int64, ["N", "T"])
    embedding = try graph.embeddingTable("shared", rows: c.vocabulary, width: c.width, &parameters)
    let (sourcePositions, targetPositions) = try positionTables()
    if c.scalesEmbedding {
      scale = graph.constant(StoredTensor(try Tensor([Float(c.width).squareRoot()], shape: [])), "embed_scale")
    }
    for copy in ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"] {
      parameters.ignore(copy)
    }

    let mask = try graph.visibleKeys(attended, "attention_mask")
    let length = graph.node("Shape", "encoder.length", [source], [Attribute("start", .int(1))])
    let first = graph.node(
      "Slice", "encoder.positions",
      [
        sourcePositions, try graph.constant([0], "encoder.positions.start"), length,
        try graph.constant([0], "encoder.positions.axis"),
      ])
    var memory = try embed(source, at: first, "encoder")
    for index in 0..<c.encoderLayers { memory = try encoderLayer(memory, "encoder.layers.\(index)", mask) }
    memory = try lastNormalization(memory, "encoder")

    let chosen = graph.node("Gather", "decoder.positions", [targetPositions, places])
    var x = try embed(target, at: chosen, "decoder")
    for index in 0..<c.decoderLayers { x = try decoderLayer(x, "decoder.layers.\(index)", memory, mask) }
    x = try lastNormalization(x, "decoder")
    graph.output(
      try logits(x, target), "logits", .float32, ["N", "T", ShapeDimension(.fixed(Int64(c.vocabulary)))])
  }

  // MARK: Embedding and logits

  private mutating func embed(_ ids: Value, at positions: Value, _ side: String) throws -> Value {
    var x = graph.node("Gather", "\(side).embed_tokens", [embedding, ids])
    if let scale { x = graph.node("Mul", "\(side).embed_scaled", [x, scale]) }
    x = graph.add(x, positions, "\(side).embed")
    let norm = "\(side).layernorm_embedding"
    return parameters.shape(of: "\(norm).weight") == nil ? x : try normalization(x, norm)
  }

  /// The tables of the encoder and the decoder: the checkpoint's, or sines and cosines (section 3.5).
  private mutating func positionTables() throws -> (encoder: Value, decoder: Value) {
    let name = "embed_positions.weight"
    guard parameters.shape(of: "encoder.\(name)") != nil else {
      let table = try StoredTensor(
        type: .float32, shape: [c.positions, c.width], source: Sinusoids(inHalves: c.hasSinusoidsInHalves))
      let value = graph.constant(table, name)
      return (value, value)
    }
    let encoder = try positionTable("encoder.\(name)")
    guard parameters.shape(of: "decoder.\(name)") != nil else { return (encoder, encoder) }
    return (encoder, try positionTable("decoder.\(name)"))
  }

  private mutating func positionTable(_ name: String) throws -> Value {
    let rows = c.firstPosition + c.positions
    let table = try parameters.take(name, [rows, c.width], .weight)
    return graph.constant(try c.firstPosition == 0 ? table : table.rows(c.firstPosition..<rows), name)
  }

  /// x · embeddingᵀ: Gemm takes the embedding as it lies in the checkpoint, but only matrices.
  private mutating func logits(_ x: Value, _ ids: Value) throws -> Value {
    let rows = graph.node(
      "Reshape", "logits.rows", [x, try graph.constant([-1, Int64(c.width)], "logits.rows.shape")])
    var inputs: [Value?] = [rows, embedding]
    if parameters.shape(of: "final_logits_bias") != nil {
      let bias = try parameters.take("final_logits_bias", [1, c.vocabulary], .shift)
      inputs.append(graph.constant(bias, "final_logits_bias"))
    }
    let product = graph.node("Gemm", "logits.product", inputs, [Attribute("transB", .int(1))])
    let shape = graph.node(
      "Concat", "logits.shape",
      [graph.node("Shape", "logits.ids", [ids]), try graph.constant([Int64(c.vocabulary)], "logits.vocabulary")],
      [Attribute("axis", .int(0))])
    return graph.node("Reshape", "logits.reshape", [product, shape])
  }

  // MARK: Layers

  private mutating func encoderLayer(_ input: Value, _ path: String, _ mask: Value) throws -> Value {
    let norms = c.names.norms(isDecoder: false)
    let x = try residual(input, "\(path).\(norms[0])") { network, x in
      try network.attention(x, x, "\(path).self_attn", heads: network.c.encoderHeads, mask: mask)
    }
    return try residual(x, "\(path).\(norms[1])") { network, x in
      try network.feedForward(x, path, hidden: network.c.encoderHidden)
    }
  }

  private mutating func decoderLayer(
    _ input: Value, _ path: String, _ memory: Value, _ mask: Value
  ) throws -> Value {
    let norms = c.names.norms(isDecoder: true)
    let heads = c.decoderHeads
    var x = try residual(input, "\(path).\(norms[0])") { network, x in
      try network.attention(x, x, "\(path).self_attn", heads: heads, isCausal: true)
    }
    let cross = "\(path).\(c.names.crossAttention)"
    x = try residual(x, "\(path).\(norms[1])") { network, x in
      try network.attention(x, memory, cross, heads: heads, mask: mask)
    }
    return try residual(x, "\(path).\(norms[2])") { network, x in
      try network.feedForward(x, path, hidden: network.c.decoderHidden)
    }
  }

  /// norm(x + body(x)), or x + body(norm(x)).
  private mutating func residual(
    _ x: Value, _ norm: String, _ body: (inout Self, Value) throws -> Value
  ) throws -> Value {
    if c.normalizesBefore {
      let normalized = try normalization(x, norm)
      let y = try body(&self, normalized)
      return graph.add(x, y, "\(norm).add")
    }
    let y = try body(&self, x)
    return try normalization(graph.add(x, y, "\(norm).add"), norm)
  }

  private mutating func feedForward(_ x: Value, _ path: String, hidden: Int) throws -> Value {
    let names = c.names.feedForward
    let inner = try linear(x, "\(path).\(names.0)", inputs: c.width, outputs: hidden)
    let active = graph.node(c.activation, "\(path).activation", [inner])
    return try linear(active, "\(path).\(names.1)", inputs: hidden, outputs: c.width)
  }

  /// Attention of `x` to `source`.
  private mutating func attention(
    _ x: Value, _ source: Value, _ path: String, heads: Int, mask: Value? = nil, isCausal: Bool = false
  ) throws -> Value {
    let query = try projection(x, path, "q", number: 0)
    let key = try projection(source, path, "k", number: 1)
    let value = try projection(source, path, "v", number: 2)
    let seen = graph.attention(query, key, value, path, mask: mask, heads: heads, isCausal: isCausal)
    return try linear(seen, "\(path).out_proj", inputs: c.width, outputs: c.width)
  }

  /// The projection to queries, keys or values, which PyTorch's own layers keep in one matrix.
  private mutating func projection(_ x: Value, _ path: String, _ letter: String, number: Int) throws -> Value {
    let name = "\(path).\(letter)_proj"
    guard c.names == .pyTorch else { return try linear(x, name, inputs: c.width, outputs: c.width) }
    let rows = number * c.width..<(number + 1) * c.width
    let weight = try parameters.take("\(path).in_proj_weight", [3 * c.width, c.width], .weight).rows(rows)
    let bias = try parameters.take("\(path).in_proj_bias", [3 * c.width], .shift).rows(rows)
    return try graph.linear(x, name, weight: weight, bias: bias)
  }

  private mutating func linear(_ x: Value, _ name: String, inputs: Int, outputs: Int) throws -> Value {
    try graph.projection(x, name, inputs: inputs, outputs: outputs, &parameters)
  }

  private mutating func normalization(_ x: Value, _ name: String) throws -> Value {
    try graph.layerNormalization(x, name, width: c.width, epsilon: c.epsilon, &parameters)
  }

  /// Networks that normalize before have a norm at the end, and PyTorch's own module always has.
  private mutating func lastNormalization(_ x: Value, _ side: String) throws -> Value {
    let name = "\(side).\(c.names.lastNorm)"
    guard parameters.shape(of: "\(name).weight") != nil else { return x }
    return try normalization(x, name)
  }
}

/// PE(p, 2i) = sin(p / 10000^(2i / width)), PE(p, 2i + 1) = cos of the same; or all sines before all cosines.
private struct Sinusoids: TensorSource {
  let inHalves: Bool

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    let table = bytes.bindMemory(to: Float.self)
    let (count, width) = (shape[0], shape[1])
    for pair in 0..<width / 2 {
      let frequency = exp(Double(2 * pair) * -log(10000) / Double(width))
      let (sine, cosine) = inHalves ? (pair, width / 2 + pair) : (2 * pair, 2 * pair + 1)
      for position in 0..<count {
        let angle = Double(position) * frequency
        table[position * width + sine] = Float(sin(angle))
        table[position * width + cosine] = Float(cos(angle))
      }
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
