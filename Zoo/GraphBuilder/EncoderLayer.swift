/// A layer of a Transformer over one sequence: attention and a feed-forward network, each added to its input (Vaswani et al.
/// 2017, section 3.1).
package struct EncoderLayer: Sendable {
  /// What checkpoints call the parts, behind the layer's path.
  package struct Names: Sendable {
    package var query, key, value, attentionOutput, attentionNormalization: String
    package var inner, outer, outputNormalization: String

    package init(
      query: String, key: String, value: String, attentionOutput: String, attentionNormalization: String,
      inner: String, outer: String, outputNormalization: String
    ) {
      (self.query, self.key, self.value, self.attentionOutput) = (query, key, value, attentionOutput)
      (self.inner, self.outer) = (inner, outer)
      (self.attentionNormalization, self.outputNormalization) = (attentionNormalization, outputNormalization)
    }
  }

  package var names: Names
  package var width: Int
  package var heads: Int
  /// Outputs of the first layer of the feed-forward network.
  package var innerWidth: Int
  package var activation: Activation
  /// What layer normalization adds to the variance.
  package var epsilon: Float
  /// Whether each part's input is normalized, as in ViT, and not the sum behind it, as in BERT.
  package var normalizesFirst: Bool
  /// Whether queries, keys and values have a bias.
  package var hasInputBias: Bool

  package init(
    names: Names, width: Int, heads: Int, innerWidth: Int, activation: Activation, epsilon: Float,
    normalizesFirst: Bool = false, hasInputBias: Bool = true
  ) {
    self.names = names
    self.width = width
    self.heads = heads
    self.innerWidth = innerWidth
    self.activation = activation
    self.epsilon = epsilon
    self.normalizesFirst = normalizesFirst
    self.hasInputBias = hasInputBias
  }
}

extension NetworkBuilder {
  /// The layer over `input` (N, S, width), with the parameters behind `path`.
  package mutating func layer(
    _ input: Value, _ path: String, _ layer: EncoderLayer, mask: Value? = nil, isCausal: Bool = false
  ) throws -> Value {
    let names = layer.names
    if layer.normalizesFirst {
      let normal = try normalization(input, "\(path).\(names.attentionNormalization)", layer)
      let attended = try attention(normal, path, layer, mask: mask, isCausal: isCausal)
      let middle = graph.add(attended, input, "\(path).attention.sum")
      let second = try normalization(middle, "\(path).\(names.outputNormalization)", layer)
      return graph.add(try feedForward(second, path, layer), middle, "\(path).output.sum")
    }
    let attended = try attention(input, path, layer, mask: mask, isCausal: isCausal)
    let middle = try normalization(
      graph.add(attended, input, "\(path).attention.sum"), "\(path).\(names.attentionNormalization)", layer)
    let outer = try feedForward(middle, path, layer)
    return try normalization(
      graph.add(outer, middle, "\(path).output.sum"), "\(path).\(names.outputNormalization)", layer)
  }

  /// The layer's attention of `value` to itself.
  package mutating func attention(
    _ value: Value, _ path: String, _ layer: EncoderLayer, mask: Value? = nil, isCausal: Bool = false
  ) throws -> Value {
    let (names, width) = (layer.names, layer.width)
    let inputs = try [names.query, names.key, names.value].map { name in
      try linear(value, "\(path).\(name)", inputs: width, outputs: width, hasBias: layer.hasInputBias)
    }
    let attended = graph.attention(
      inputs[0], inputs[1], inputs[2], "\(path).attention.heads", mask: mask, heads: layer.heads, isCausal: isCausal)
    return try linear(attended, "\(path).\(names.attentionOutput)", inputs: width, outputs: width)
  }

  /// The layer's feed-forward network.
  package mutating func feedForward(_ value: Value, _ path: String, _ layer: EncoderLayer) throws -> Value {
    let names = layer.names
    let inner = try linear(value, "\(path).\(names.inner)", inputs: layer.width, outputs: layer.innerWidth)
    let active = try graph.activation(inner, "\(path).activation", layer.activation)
    return try linear(active, "\(path).\(names.outer)", inputs: layer.innerWidth, outputs: layer.width)
  }

  private mutating func normalization(_ value: Value, _ name: String, _ layer: EncoderLayer) throws -> Value {
    try normalization(value, name, width: layer.width, epsilon: layer.epsilon)
  }
}
