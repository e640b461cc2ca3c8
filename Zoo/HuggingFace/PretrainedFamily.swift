import GraphBuilder
import ZooCore

/// A family of networks that folders of Hugging Face hold models of.
package protocol PretrainedFamily: Sendable {
  /// What config.json calls the family: `bert`.
  static var modelTypes: [String] { get }

  /// The model that the folder holds, with its tokenizer and all that predicting needs.
  ///
  /// - Throws: `ZooError`: `badData` for settings that make no sense or weights that don't fit them, `unsupported` for
  ///   variants that can't be built.
  static func model(_ folder: PretrainedFolder) throws -> ModelDefinition

  /// The network's tensors under the names that they have in a model without a head, in their order; what the graph has
  /// itself or has no use for is left out.
  ///
  /// - Throws: `ZooError` (`badData`) for tensors none of which is the family's.
  static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor]
}

extension PretrainedFamily {
  /// The tensors without the name of the class's member that the network is in, such as `vit.`.
  package static func weights(_ weights: [NamedTensor], without prefix: String) throws -> [NamedTensor] {
    let weights = Parameters.unwrapped(weights)
    guard !weights.isEmpty else { throw ZooError(.badData, "there are no weights") }
    return weights.map { item in
      var item = item
      if item.name.hasPrefix(prefix) { item.name.removeFirst(prefix.count) }
      return item
    }
  }
}

extension [any PretrainedFamily.Type] {
  /// The model in `folder`, of whichever family.
  ///
  /// - Throws: `ZooError` (`unsupported`) for a family that is not among these; as `PretrainedFamily.model` does.
  package func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let type = try folder.modelType
    guard let family = first(where: { $0.modelTypes.contains(type) }) else {
      throw ZooError(
        .unsupported, "the zoo can't build models of the type \"\(type)\"", at: "\(folder.path)/config.json",
        advice: "those of these types it can: \(flatMap { $0.modelTypes }.joined(separator: ", "))")
    }
    return try ZooError.locating(folder.path) {
      try folder.checkWeightsAreWhole()
      var model = try family.model(folder)
      model.metadata.name = folder.name
      return model
    }
  }
}

extension PretrainedFolder {
  /// Refuses weights that are packed in a way of some library's own, and heads that were cut away.
  fileprivate func checkWeightsAreWhole() throws {
    let settings = configuration
    guard settings.value("quantization_config") == nil else {
      throw ZooError(
        .unsupported, "the weights are quantized as \"quantization_config\" says", at: "config.json",
        advice: "take the folder of the model in floating point")
    }
    guard settings.value("pruned_heads")?.members?.isEmpty ?? true else {
      throw ZooError(.unsupported, "networks with \"pruned_heads\" are not built", at: "config.json")
    }
  }
}
