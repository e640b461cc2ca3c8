import GraphBuilder
import HuggingFace
import ZooCore

/// The Transformer's decoder alone, normalized before each part (Radford et al. 2019, "GPT-2").
///
/// Inputs are `input_ids` and `position_ids`, both int64 (N, T); the output is `logits`, (N, T, vocabulary).
package struct GPT2: PretrainedFamily {
  package static let modelTypes = ["gpt2"]

  package let configuration: Configuration

  package init(_ configuration: Configuration) { self.configuration = configuration }

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let configuration = try Configuration(folder)
    var parameters = try Parameters(canonicalWeights(folder.weights()))
    var model = try GPT2(configuration).model(&parameters)
    try parameters.finish(for: "the decoder that config.json describes")
    model.metadata.tokenizer = try folder.tokenizer()
    model.metadata.chat = try folder.chat()
    model.metadata.generation = try GenerationSettings(folder, positions: configuration.positions)
    model.metadata.task = .textGeneration
    model.metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    return model
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    let found: [NamedTensor] = Parameters.unwrapped(weights).compactMap { item in
      var item = item
      if item.name.hasPrefix("transformer.") { item.name.removeFirst("transformer.".count) }
      // The head is the table of embeddings again, and the masks are the graph's own.
      let isMask = item.name.hasSuffix(".attn.bias") || item.name.hasSuffix(".attn.masked_bias")
      return isMask || item.name == "lm_head.weight" ? nil : item
    }
    guard found.contains(where: { $0.name == "wte.weight" }) else {
      throw ZooError(.badData, "the weights are not those of GPT-2: they lack wte.weight")
    }
    return found
  }

  /// The network over `parameters`.
  ///
  /// - Throws: `ZooError` (`badData`) for weights that can't be this network's.
  package func model(_ parameters: inout Parameters) throws -> ModelDefinition {
    var network = GPT2Builder(configuration, parameters)
    let shape: [ShapeDimension] = ["N", "T"]
    let ids = network.graph.input("input_ids", .int64, shape)
    let positions = network.graph.input("position_ids", .int64, shape)
    let table = try network.table("wte", configuration.vocabulary)
    var value = try network.embeddings(table, ids: ids, positions: positions)
    for index in 0..<configuration.layers { value = try network.layer(value, index) }
    value = try network.normalization(value, "ln_f")
    let logits = try network.head(value, table, ids: ids)
    let vocabulary = ShapeDimension(.fixed(Int64(configuration.vocabulary)))
    network.graph.output(logits, "logits", .float32, shape + [vocabulary])
    parameters = network.parameters

    var metadata = ModelMetadata()
    metadata.architecture = "GPT-2"
    return network.graph.model(metadata: metadata)
  }
}
