import Synchronization

/// Counts the bytes of tensors as somebody reads them.
package final class ReadMeter: Sendable {
  private let report: @Sendable (Int) -> Void
  private let total = Atomic(0)

  /// - Parameter report: Gets the bytes that were read so far, on whichever thread reads.
  package init(_ report: @escaping @Sendable (Int) -> Void) { self.report = report }

  /// The tensors, whose readers are counted.
  package func metering(_ tensors: [NamedTensor]) throws -> [NamedTensor] {
    try tensors.map { item in
      guard item.tensor.type != .string else { return item }
      var item = item
      let source = MeteredTensor(tensor: item.tensor, meter: self)
      item.tensor = try StoredTensor(type: item.tensor.type, shape: item.tensor.shape, source: source)
      return item
    }
  }

  fileprivate func add(_ count: Int) { report(total.add(count, ordering: .relaxed).newValue) }
}

private struct MeteredTensor: TensorSource {
  let tensor: StoredTensor
  let meter: ReadMeter

  var origin: any TensorSource { tensor.origin }

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    let loaded = try tensor.load()
    meter.add(loaded.byteCount)
    return loaded
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try tensor.read(into: bytes)
    meter.add(bytes.count)
  }

  var readsInPieces: Bool { tensor.readsInPieces }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    try tensor.read(into: bytes, at: offset)
    meter.add(bytes.count)
  }

  /// Whoever borrows says how far he is by giving pieces up.
  func lend(type: ElementType, shape: [Int]) throws -> TensorMemory? {
    guard let memory = try tensor.lend() else { return nil }
    return TensorMemory(
      borrowing: UnsafeRawBufferPointer(memory.mutableBytes), owner: MeteredMemory(memory: memory, meter: meter))
  }
}

private final class MeteredMemory: DiscardableOwner {
  let memory: TensorMemory
  let meter: ReadMeter

  init(memory: TensorMemory, meter: ReadMeter) { (self.memory, self.meter) = (memory, meter) }

  func discard(_ bytes: UnsafeRawBufferPointer) {
    memory.discard(bytes)
    meter.add(bytes.count)
  }

  func checkUnchanged() throws { try memory.checkUnchanged() }
}
