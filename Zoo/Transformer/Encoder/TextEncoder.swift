import GraphBuilder
import HuggingFace
import ZooCore

/// A Transformer's encoder of texts.
///
/// Inputs are `input_ids`, `attention_mask` (0 for padding, which goes to the right) and, of a network with token types,
/// `token_type_ids`, all int64 (N, S). Outputs are `last_hidden_state` (N, S, width); where a checkpoint has these layers,
/// `pooler_output` (N, width); of one that classifies sequences or tokens, `logits` (N, classes) or (N, S, classes); and
/// where the folder says how tokens' vectors become one, `sentence_embedding`.
protocol TextEncoder: PretrainedFamily {
  /// The names of the class's member that the encoder is in: `bert.`
  static var prefixes: [String] { get }
  /// What the names of the encoder's own tensors begin with.
  static var parts: [String] { get }

  /// What config.json says.
  ///
  /// - Throws: `ZooError`: `badData`, or `unsupported` for variants that the graph does not have.
  init(_ folder: PretrainedFolder) throws

  var title: String { get }
  var width: Int { get }
  /// Tokens that the network takes at most.
  var usablePositions: Int { get }
  var hasTypes: Bool { get }

  /// The vectors of the tokens, (N, S, width).
  func states(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value

  /// What the classifier of sequences makes logits of, (N, width), where it is not as `TextClassifier` has it.
  func features(
    _ states: GraphBuilder.Value, _ inputs: TextInputs, of head: TextClassifier, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value?
}

/// The inputs of an encoder of texts.
struct TextInputs {
  /// (N, S)
  let ids, mask: GraphBuilder.Value
  let types: GraphBuilder.Value?

  init(_ graph: inout GraphBuilder, hasTypes: Bool) {
    let shape: [ShapeDimension] = ["N", "S"]
    ids = graph.input("input_ids", .int64, shape)
    mask = graph.input("attention_mask", .int64, shape)
    types = hasTypes ? graph.input("token_type_ids", .int64, shape) : nil
  }
}

extension TextEncoder {
  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let encoder = try Self(folder)
    let sentence = try SentenceSettings(folder, positions: encoder.usablePositions)
    let (weights, head) = (withoutPrefix(try folder.weights()), TextClassifier(folder))
    var network = NetworkBuilder(encoder.title, try Parameters(canonicalWeights(weights) + head.weights(weights)))
    let inputs = TextInputs(&network.graph, hasTypes: encoder.hasTypes)
    let states = try encoder.states(inputs, &network)
    let others = try head.outputs(of: encoder, states, inputs, &network)
    try network.parameters.finish(for: "the encoder that config.json describes")
    let width = ShapeDimension(.fixed(Int64(encoder.width)))
    let vector = try sentence.vector(of: states, mask: inputs.mask, width: encoder.width, folder, &network.graph)
    network.graph.output(states, "last_hidden_state", .float32, ["N", "S", width])
    for other in others + (vector.map { [$0] } ?? []) {
      network.graph.output(other.value, other.name, .float32, other.shape)
    }

    var metadata = ModelMetadata()
    metadata.architecture = encoder.title
    metadata.tokenizer = try sentence.tokenizer(folder)
    metadata.embedding = sentence.embedding
    metadata.task = .textEmbedding
    // A folder of sentence-transformers embeds, whatever else the network could.
    if vector == nil, let logits = others.first(where: { $0.name == "logits" }) {
      try head.describe(logits, folder, maximumLength: sentence.embedding.maximumLength, &metadata)
    }
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    return network.graph.model(metadata: metadata)
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    let found: [NamedTensor] = withoutPrefix(weights).compactMap { item in
      var item = item
      // Heads serve other tasks, and the numbers of positions are those that the graph counts.
      guard parts.contains(where: item.name.hasPrefix), !item.name.hasSuffix("_ids") else { return nil }
      // As the first published models have it.
      for (old, new) in [(".gamma", ".weight"), (".beta", ".bias")] where item.name.hasSuffix(old) {
        item.name = item.name.dropLast(old.count) + new
      }
      return item
    }
    guard !found.isEmpty else {
      throw ZooError(
        .badData, "the weights are not those of a network of the type \(modelTypes.joined(separator: ", "))")
    }
    return found
  }

  /// The tensors without the name of the class's member that the encoder is in.
  private static func withoutPrefix(_ weights: [NamedTensor]) -> [NamedTensor] {
    Parameters.unwrapped(weights).map { item in
      var item = item
      if let prefix = prefixes.first(where: item.name.hasPrefix) { item.name.removeFirst(prefix.count) }
      return item
    }
  }

  func features(
    _ states: GraphBuilder.Value, _ inputs: TextInputs, of head: TextClassifier, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value? { nil }
}

/// A value that becomes an output.
struct NetworkOutput {
  var value: GraphBuilder.Value
  var name: String
  var shape: [ShapeDimension]
}
