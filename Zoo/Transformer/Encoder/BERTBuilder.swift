import GraphBuilder
import ZooCore

/// Builds BERT's graph layer by layer, under the names of Hugging Face's checkpoints.
struct BERTBuilder {
  var graph: GraphBuilder
  var parameters: Parameters
  let configuration: BERT.Configuration

  init(_ configuration: BERT.Configuration, _ parameters: Parameters) {
    self.configuration = configuration
    self.parameters = parameters
    graph = GraphBuilder(name: configuration.title, operatorSet: 23)
  }

  /// The sum of the embeddings of tokens, positions and token types, normalized.
  mutating func embeddings(ids: GraphBuilder.Value, types: GraphBuilder.Value) throws -> GraphBuilder.Value {
    let words = graph.node(
      "Gather", "embeddings.words", [try table("embeddings.word_embeddings", configuration.vocabulary), ids])
    let kinds = graph.node(
      "Gather", "embeddings.types", [try table("embeddings.token_type_embeddings", configuration.types), types])
    let name = "embeddings.position_embeddings"
    let table = try table(name, configuration.positions)
    let first = try graph.constant([Int64(configuration.firstPosition)], "\(name).start")
    let length = graph.node(
      "Shape", "\(name).length", [ids], [Attribute("start", .int(1)), Attribute("end", .int(2))])
    let end = graph.add(length, first, "\(name).end")
    let positions = graph.node("Slice", name, [table, first, end, try graph.constant([0], "\(name).axes")])
    let sum = graph.add(graph.add(words, kinds, "embeddings.words_and_types"), positions, "embeddings.sum")
    return try normalization(sum, "embeddings.LayerNorm")
  }

  private mutating func table(_ name: String, _ rows: Int) throws -> GraphBuilder.Value {
    try graph.embeddingTable(name, rows: rows, width: configuration.width, &parameters)
  }

  /// Attention and a feed-forward network, each added to its input and normalized.
  mutating func layer(
    _ input: GraphBuilder.Value, _ index: Int, _ visible: GraphBuilder.Value
  ) throws -> GraphBuilder.Value {
    let (name, width) = ("encoder.layer.\(index)", configuration.width)
    let attended = graph.attention(
      try linear(input, "\(name).attention.self.query", width, width),
      try linear(input, "\(name).attention.self.key", width, width),
      try linear(input, "\(name).attention.self.value", width, width), "\(name).attention.self", mask: visible,
      heads: configuration.heads)
    let projected = try linear(attended, "\(name).attention.output.dense", width, width)
    let middle = try normalization(
      graph.add(projected, input, "\(name).attention.output.sum"), "\(name).attention.output.LayerNorm")

    let inner = try linear(middle, "\(name).intermediate.dense", width, configuration.innerWidth)
    let active = graph.activation(inner, "\(name).intermediate.activation", configuration.activation)
    let outer = try linear(active, "\(name).output.dense", configuration.innerWidth, width)
    return try normalization(graph.add(outer, middle, "\(name).output.sum"), "\(name).output.LayerNorm")
  }

  private mutating func linear(
    _ value: GraphBuilder.Value, _ name: String, _ inputs: Int, _ outputs: Int
  ) throws -> GraphBuilder.Value {
    try graph.projection(value, name, inputs: inputs, outputs: outputs, &parameters)
  }

  private mutating func normalization(_ value: GraphBuilder.Value, _ name: String) throws -> GraphBuilder.Value {
    try graph.layerNormalization(
      value, name, width: configuration.width, epsilon: configuration.epsilon, &parameters)
  }
}
