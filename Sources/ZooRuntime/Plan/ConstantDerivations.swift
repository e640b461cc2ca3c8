import Synchronization
import ZooCore

/// The identities of constants that are computed from others. Each plan computes them anew; what comes of the same
/// constants by the same operation is the same constant, whatever it is called.
package final class ConstantDerivations: Sendable {
  struct Derivation: Hashable {
    var operation: OperationKey
    /// `nil` for inputs that are left out.
    var sources: [TensorIdentity?]
    /// Which of the results it is.
    var part: Int
  }

  private let identities = Mutex<[Derivation: TensorIdentity]>([:])

  package init() {}

  func identity(of derivation: Derivation) -> TensorIdentity {
    identities.withLock { identities in
      if let known = identities[derivation] { return known }
      let made = TensorIdentity()
      identities[derivation] = made
      return made
    }
  }
}

extension WorkGraph {
  /// `tensor`, which result `part` of `operation` on the constants `names` is, under the identity that it has in every
  /// plan. One that holds for some shapes only has an identity of its own.
  func derived(_ tensor: StoredTensor, by operation: OperationKey, of names: [String], part: Int = 0) -> StoredTensor {
    guard !names.contains(where: shapeDependent.contains) else { return tensor }
    let sources = names.map { $0.isEmpty ? nil : constants[$0]?.identity }
    return StoredTensor(
      tensor,
      identity: derivations.identity(
        of: ConstantDerivations.Derivation(operation: operation, sources: sources, part: part)))
  }
}
