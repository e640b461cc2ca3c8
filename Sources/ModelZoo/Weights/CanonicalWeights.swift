import GraphBuilder
import HuggingFace

/// The architectures whose names `canonicalWeights` knows.
package let canonicalArchitectures: [String] =
  architectures.flatMap { $0.names } + pretrainedFamilies.flatMap { $0.modelTypes }

/// The tensors under the names that checkpoints of the architecture have in the zoo, whichever of the conventions that
/// the architecture knows they come from.
///
/// - Throws: `ZooError`: `usage` for an unknown architecture, `badData` for weights that are not the architecture's.
func canonicalWeights(_ weights: [NamedTensor], of name: String) throws -> [NamedTensor] {
  if let family = pretrainedFamilies.first(where: { $0.modelTypes.contains(name) }) {
    return try family.canonicalWeights(weights)
  }
  guard canonicalArchitectures.contains(name) else {
    throw ZooError(
      .usage, "the zoo knows no names of an architecture \(name)", at: "--to-arch",
      advice: "choose one of: \(canonicalArchitectures.joined(separator: ", "))")
  }
  let canonical = try architectures.architecture(named: name).canonicalWeights(weights)
  // Building the network is the check that all it needs is there.
  _ = try architectures.architecture(named: name).model(weights: canonical)
  return canonical
}
