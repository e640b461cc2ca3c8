import Synchronization
import ZooCompiler
import ZooCore

/// Constants that kernels read where they lie, such as tables of embeddings: in memory once for all plans that need them,
/// and for all models that are made from one definition.
package final class ResidentConstants: Sendable {
  /// Plans keep them alive. What a kernel packs goes when it is packed.
  private struct Resident {
    weak var memory: TensorMemory?
  }

  private let residents = Mutex<[TensorIdentity: Resident]>([:])
  /// Constants that are computed from those that models share are shared too.
  package let derivations = ConstantDerivations()

  package init() {}

  /// What `constant` holds.
  ///
  /// - Parameter isShared: Whether other plans may have the same one.
  func tensor(_ constant: StoredTensor, isShared: Bool) throws -> Tensor {
    guard isShared, constant.byteCount > 1 << 16 else { return try constant.load() }
    if let memory = residents.withLock({ $0[constant.identity]?.memory }) {
      return try Tensor(type: constant.type, shape: constant.shape, memory: memory)
    }
    let tensor = try constant.load()
    residents.withLock { $0[constant.identity] = Resident(memory: tensor.memory) }
    return tensor
  }
}
