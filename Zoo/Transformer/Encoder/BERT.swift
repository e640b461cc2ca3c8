import GraphBuilder
import HuggingFace
import ZooCore

/// The Transformer's encoder over learned positions and token types (Devlin et al. 2018, "BERT"), and RoBERTa
/// (Liu et al. 2019), which counts positions from another number.
///
/// Inputs are `input_ids`, `attention_mask` (0 for padding, which goes to the right) and `token_type_ids`, all int64
/// (N, S). Outputs are `last_hidden_state` (N, S, width); where a checkpoint has these layers, `pooler_output` (N, width);
/// and of one that classifies sequences or tokens, `logits` (N, classes) or (N, S, classes).
public struct BERT: PretrainedFamily {
  public static let modelTypes = ["bert", "roberta"]

  public let configuration: Configuration

  public init(_ configuration: Configuration) { self.configuration = configuration }

  public static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let configuration = try Configuration(folder)
    let (weights, head) = (try folder.weights(), BERTHead(folder))
    var parameters = try Parameters(canonicalWeights(weights) + head.weights(weights))
    var model = try BERT(configuration).model(&parameters, head: head)
    try parameters.finish(for: "the encoder that config.json describes")
    model.metadata.tokenizer = try folder.tokenizer()
    model.metadata.embedding = try SentenceSettings(folder, positions: configuration.usablePositions).embedding
    model.metadata.task = .textEmbedding
    model.metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    return model
  }

  public static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    let found: [NamedTensor] = withoutPrefix(weights).compactMap { item in
      var item = item
      // Heads serve other tasks, and the numbers of positions are those that the graph counts.
      guard item.name.hasPrefix("embeddings.") || item.name.hasPrefix("encoder."), !item.name.hasSuffix("_ids")
      else { return nil }
      // As the first published models have it.
      for (old, new) in [(".gamma", ".weight"), (".beta", ".bias")] where item.name.hasSuffix(old) {
        item.name = item.name.dropLast(old.count) + new
      }
      return item
    }
    guard !found.isEmpty else { throw ZooError(.badData, "the weights are not those of BERT or RoBERTa") }
    return found
  }

  /// The tensors without the name of the class's member that the encoder is in, `bert.` or `roberta.`.
  static func withoutPrefix(_ weights: [NamedTensor]) -> [NamedTensor] {
    Parameters.unwrapped(weights).map { item in
      var item = item
      for prefix in modelTypes.map({ "\($0)." }) where item.name.hasPrefix(prefix) {
        item.name.removeFirst(prefix.count)
      }
      return item
    }
  }

  /// The network over `parameters`.
  ///
  /// - Throws: `ZooError` (`badData`) for weights that can't be this network's.
  public func model(_ parameters: inout Parameters) throws -> ModelDefinition {
    try model(&parameters, head: .none)
  }

  private func model(_ parameters: inout Parameters, head: BERTHead) throws -> ModelDefinition {
    var network = BERTBuilder(configuration, parameters)
    let shape: [Dimension] = ["N", "S"]
    let ids = network.graph.input("input_ids", .int64, shape)
    let mask = network.graph.input("attention_mask", .int64, shape)
    let types = network.graph.input("token_type_ids", .int64, shape)
    var value = try network.embeddings(ids: ids, types: types)
    let visible = try network.graph.visibleKeys(mask, "attention_mask")
    for index in 0..<configuration.layers { value = try network.layer(value, index, visible) }
    let width = Dimension(.fixed(Int64(configuration.width)))
    let others = try network.outputs(of: head, value)
    network.graph.output(value, "last_hidden_state", .float32, shape + [width])
    for other in others { network.graph.output(other.value, other.name, .float32, other.shape) }
    parameters = network.parameters

    var metadata = ModelMetadata()
    metadata.architecture = configuration.title
    return network.graph.model(metadata: metadata)
  }
}
