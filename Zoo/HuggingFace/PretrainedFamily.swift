import GraphBuilder
import ZooCore

/// A family of networks that folders of Hugging Face hold models of.
public protocol PretrainedFamily: Sendable {
  /// What config.json calls the family: `bert`.
  static var modelTypes: [String] { get }

  /// The model that the folder holds, with its tokenizer and all that predicting needs.
  ///
  /// - Throws: `ZooError`: `badData` for settings that make no sense or weights that don't fit them, `unsupported` for
  ///   variants that can't be built.
  static func model(_ folder: PretrainedFolder) throws -> ModelDefinition

  /// The network's tensors under the names that they have in a model without a head, in their order; heads and what the
  /// graph has itself are left out.
  ///
  /// - Throws: `ZooError` (`badData`) for tensors none of which is the family's.
  static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor]
}

extension [any PretrainedFamily.Type] {
  /// The model in `folder`, of whichever family.
  ///
  /// - Throws: `ZooError` (`unsupported`) for a family that is not among these; as `PretrainedFamily.model` does.
  public func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let type = try folder.modelType
    guard let family = first(where: { $0.modelTypes.contains(type) }) else {
      throw ZooError(
        .unsupported, "the zoo can't build models of the type \"\(type)\"", at: "\(folder.path)/config.json",
        advice: "those of these types it can: \(flatMap { $0.modelTypes }.joined(separator: ", "))")
    }
    do {
      var model = try family.model(folder)
      model.metadata.name = folder.name
      return model
    } catch let error as ZooError {
      throw error.location?.hasPrefix(folder.path) == true ? error : error.located(folder.path)
    }
  }
}
