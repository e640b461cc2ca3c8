import GraphBuilder
import HuggingFace
import ZooCore

/// Decoders with rotary positions, root-mean-square normalization and gated feed-forward networks: Llama (Touvron et al. 2023)
/// and what came after it.
///
/// Inputs are `input_ids` and `position_ids`, both int64 (N, T); the output is `logits`, (N, T, vocabulary).
package struct LanguageModel: PretrainedFamily {
  package static let modelTypes = [
    "llama", "mistral", "smollm3", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "olmo2", "granite",
  ]

  package let configuration: Configuration

  package init(_ configuration: Configuration) { self.configuration = configuration }

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let configuration = try Configuration(folder)
    var parameters = try Parameters(canonicalWeights(folder.weights()))
    if configuration.isTied { parameters.ignore("lm_head.weight") }
    var model = try LanguageModel(configuration).model(&parameters)
    try parameters.finish(for: "the decoder that config.json describes")
    model.metadata.tokenizer = try folder.tokenizer()
    model.metadata.chat = try folder.chat()
    model.metadata.generation = try GenerationSettings(folder, positions: configuration.positions)
    model.metadata.task = .textGeneration
    model.metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    return model
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    let found = try Self.weights(weights, without: "model.").filter { !$0.name.hasSuffix(".rotary_emb.inv_freq") }
    guard found.contains(where: { $0.name == "embed_tokens.weight" }) else {
      throw ZooError(.badData, "the weights are not those of a decoder: they lack embed_tokens.weight")
    }
    return found
  }

  /// The network over `parameters`.
  ///
  /// - Throws: `ZooError` (`badData`) for weights that can't be this network's.
  package func model(_ parameters: inout Parameters) throws -> ModelDefinition {
    try configuration.check()
    var network = LanguageModelBuilder(configuration, parameters)
    try network.build()
    parameters = network.parameters
    var metadata = ModelMetadata()
    metadata.architecture = configuration.title
    return network.graph.model(metadata: metadata)
  }
}
