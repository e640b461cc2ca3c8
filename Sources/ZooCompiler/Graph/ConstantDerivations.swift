import Synchronization
import ZooCore

/// The identities of constants that are computed from others. Each plan computes them anew; what comes of the same
/// constants by the same operation is the same constant, whatever it is called.
package final class ConstantDerivations: Sendable {
  private struct Derivation: Hashable {
    var operation: OperationKey
    /// `nil` for inputs that are left out.
    var sources: [TensorIdentity?]
    /// Which of the results it is.
    var part: Int
  }

  private let identities = Mutex<[Derivation: TensorIdentity]>([:])

  package init() {}

  /// `tensor`, which result `part` of `operation` on the constants `sources` is, under the identity that it has in every
  /// plan.
  package func derived(
    _ tensor: StoredTensor, by operation: OperationKey, of sources: [StoredTensor?], part: Int = 0
  ) -> StoredTensor {
    let derivation = Derivation(operation: operation, sources: sources.map { $0?.identity }, part: part)
    let identity = identities.withLock { identities in
      if let known = identities[derivation] { return known }
      let made = TensorIdentity()
      identities[derivation] = made
      return made
    }
    return StoredTensor(tensor, identity: identity)
  }
}

extension CompilerGraph {
  /// Adds a constant that result `part` of `operation` on the constants `sources` is.
  mutating func addDerived(
    _ tensor: StoredTensor, by operation: OperationKey, of sources: [ValueID?], part: Int = 0, name: String,
    _ context: CompileContext
  ) -> ValueID {
    let (stored, holdsForShapes) = derived(tensor, by: operation, of: sources, part: part, context)
    return addConstant(stored, name: name, holdsForShapes: holdsForShapes)
  }

  /// Makes constants of what a node gives, which is computed from its inputs.
  mutating func replace(_ node: NodeID, byConstants results: [StoredTensor], _ context: CompileContext) {
    let old = self[node]
    let operation = OperationKey(old)
    remove(node)
    for (part, (output, tensor)) in zip(old.outputs, results).enumerated() {
      guard let output else { continue }
      let (stored, holds) = derived(tensor, by: operation, of: old.inputs, part: part, context)
      makeConstant(output, stored, holdsForShapes: holds)
    }
  }

  /// The constants that several results of `node` on the constants `sources` are, by name.
  package mutating func addDerived(
    _ parts: KeyValuePairs<String, StoredTensor>, by node: CompilerNode, of sources: [ValueID?],
    _ context: CompileContext
  ) -> [ValueID] {
    parts.enumerated().map { index, part in
      addDerived(
        part.value, by: OperationKey(node), of: sources, part: index, name: "\(node.name)/\(part.key)", context)
    }
  }

  /// A constant made of others. One that is made of what holds for some shapes only has an identity of its own.
  private func derived(
    _ tensor: StoredTensor, by operation: OperationKey, of sources: [ValueID?], part: Int, _ context: CompileContext
  ) -> (tensor: StoredTensor, holdsForShapes: Bool) {
    guard !sources.contains(where: { $0.map { self[$0].holdsForShapes } ?? false }) else { return (tensor, true) }
    let constants = sources.map { $0.flatMap { self[$0].constant } }
    return (context.derivations.derived(tensor, by: operation, of: constants, part: part), false)
  }
}
