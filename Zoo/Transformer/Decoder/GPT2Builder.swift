import GraphBuilder
import ZooCore

/// Builds GPT-2's graph layer by layer, under the names of Hugging Face's checkpoints.
struct GPT2Builder {
  typealias Value = GraphBuilder.Value

  var graph: GraphBuilder
  var parameters: Parameters
  private let configuration: GPT2.Configuration

  init(_ configuration: GPT2.Configuration, _ parameters: Parameters) {
    self.configuration = configuration
    self.parameters = parameters
    graph = GraphBuilder(name: "GPT-2", operatorSet: 23)
  }

  /// The constant table of `rows` embeddings.
  mutating func table(_ name: String, _ rows: Int) throws -> Value {
    try graph.embeddingTable(name, rows: rows, width: configuration.width, &parameters)
  }

  /// The sum of the embeddings of tokens and positions.
  mutating func embeddings(_ table: Value, ids: Value, positions: Value) throws -> Value {
    let words = graph.node("Gather", "wte", [table, ids], [Attribute("axis", .int(0))])
    let places = graph.node(
      "Gather", "wpe", [try self.table("wpe", configuration.positions), positions], [Attribute("axis", .int(0))])
    return graph.add(words, places, "embeddings")
  }

  /// Attention and a feed-forward network, each over its normalized input and added to it.
  mutating func layer(_ input: Value, _ index: Int) throws -> Value {
    let (name, width) = ("h.\(index)", configuration.width)
    let joined = try linear(try normalization(input, "\(name).ln_1"), "\(name).attn.c_attn", width, 3 * width)
    let (queries, keys, values) = try parts(of: joined, "\(name).attn")
    let attended = graph.attention(
      queries, keys, values, "\(name).attn", heads: configuration.heads, isCausal: true)
    let middle = graph.add(try linear(attended, "\(name).attn.c_proj", width, width), input, "\(name).attn.sum")

    let inner = try linear(
      try normalization(middle, "\(name).ln_2"), "\(name).mlp.c_fc", width, configuration.innerWidth)
    let active = try graph.activation(inner, "\(name).mlp.act", configuration.activation)
    let outer = try linear(active, "\(name).mlp.c_proj", configuration.innerWidth, width)
    return graph.add(outer, middle, "\(name).mlp.sum")
  }

  mutating func normalization(_ value: Value, _ name: String) throws -> Value {
    try graph.layerNormalization(
      value, name, width: configuration.width, epsilon: configuration.epsilon, &parameters)
  }

  /// value · tableᵀ. Gemm takes the table as it lies, so that it is in the file, and in memory, once.
  mutating func head(_ value: Value, _ table: Value, ids: Value) throws -> Value {
    let rows = graph.node("Flatten", "lm_head.rows", [value], [Attribute("axis", .int(2))])
    let logits = graph.node("Gemm", "lm_head", [rows, table], [Attribute("transB", .int(1))])
    let vocabulary = try graph.constant([Int64(configuration.vocabulary)], "lm_head.vocabulary")
    let shape = graph.node(
      "Concat", "lm_head.shape", [graph.node("Shape", "lm_head.length", [ids]), vocabulary],
      [Attribute("axis", .int(0))])
    return graph.node("Reshape", "lm_head.logits", [logits, shape])
  }

  /// Queries, keys and values, which one layer computes side by side.
  private mutating func parts(of joined: Value, _ name: String) throws -> (Value, Value, Value) {
    let width = Int64(configuration.width)
    let parts = graph.nodes(
      "Split", "\(name).parts", [joined, try graph.constant([width, width, width], "\(name).widths")],
      outputs: ["\(name).query", "\(name).key", "\(name).value"], [Attribute("axis", .int(2))])
    return (parts[0], parts[1], parts[2])
  }

  /// A layer whose weights are (inputs, outputs), as the published code's `Conv1D` keeps them.
  private mutating func linear(_ value: Value, _ name: String, _ inputs: Int, _ outputs: Int) throws -> Value {
    let weight = graph.constant(try parameters.take("\(name).weight", [inputs, outputs], .weight), "\(name).weight")
    let bias = graph.constant(try parameters.take("\(name).bias", [outputs], .shift), "\(name).bias")
    return graph.add(graph.node("MatMul", "\(name).product", [value, weight]), bias, name)
  }
}
