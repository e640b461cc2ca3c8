import ZooCore
import TensorFiles

/// A family of networks that a user's weights become a model of.
///
/// ```swift
/// let families: [any Architecture.Type] = [ResNet.self]
/// let weights = try PyTorchFormat.read("resnet50-0676ba61.pth").tensors
/// let model = try families.architecture(named: "resnet50").model(weights: weights)
/// ```
package protocol Architecture: Sendable {
  /// The names of the family's members, as a user types them: `resnet18`, …
  static var names: [String] { get }
  /// The member of that name; `nil` if the family has none.
  init?(named name: String)

  /// The member's name: `resnet18`.
  var name: String { get }
  /// The member's name in the literature: `ResNet-18`.
  var title: String { get }
  var task: ModelMetadata.Task { get }

  /// The network over `parameters`, from which it takes every tensor that it needs by its name in checkpoints.
  ///
  /// - Parameter labels: The classes' names; `nil` for the family's usual ones, if their number fits.
  /// - Throws: `ZooError` (`badData`) for weights that aren't this network's.
  func model(_ parameters: inout Parameters, labels: [String]?) throws -> ModelDefinition

  /// The tensors under the names that they have in checkpoints of the family, from whichever convention the family knows,
  /// in their order. What it does not know keeps its name.
  func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor]
}

extension Architecture {
  package func canonicalWeights(_ weights: [NamedTensor]) -> [NamedTensor] { Parameters.unwrapped(weights) }

  /// The model with the weights of a checkpoint. They are passed on where they are: nothing is loaded.
  ///
  /// - Parameter values: What the checkpoint says besides, by name; shapes don't tell everything.
  /// - Throws: `ZooError` (`badData`) that lists the tensors that are missing, left over, or of the wrong shape.
  package func model(
    weights: [NamedTensor], values: [String: CheckpointValue] = [:], labels: [String]? = nil
  ) throws -> ModelDefinition {
    var parameters = try Parameters(weights, values: values)
    let model = try model(&parameters, labels: labels)
    try parameters.finish(for: title)
    return model
  }

  /// The model with random weights, the same for the same seed: for tests and measurements of the full size.
  package func model(
    randomSeed seed: UInt64, values: [String: CheckpointValue] = [:], labels: [String]? = nil
  ) throws -> ModelDefinition {
    var parameters = Parameters(randomSeed: seed, values: values)
    return try model(&parameters, labels: labels)
  }
}

extension [any Architecture.Type] {
  /// The network of that name, of whichever family.
  ///
  /// - Throws: `ZooError` (`usage`) that lists the names there are.
  package func architecture(named name: String) throws -> any Architecture {
    for family in self {
      if let member = family.init(named: name) { return member }
    }
    throw ZooError(
      .usage, "the zoo has no architecture named \(name)",
      advice: "choose one of: \(flatMap { $0.names }.joined(separator: ", "))")
  }
}
