import CZooPlugin
import ZooCore
import ZooOperators

/// The outputs that a kernel is making whose shapes only it knows, or which are strings.
struct OutputsInProgress {
  private struct Output {
    /// `nil` for one that nobody wants and the kernel makes all the same.
    var type: ElementType?
    var shape: [Int]?
    var memory: TensorMemory?
  }

  /// Of the largest elements that there are.
  private static let mostBytesPerElement = 16

  /// By position among the kernel's outputs; `nil` for those that have their place.
  private var outputs: [Output?] = []
  private var strings = StringMemory()
  /// Why an output could not be made.
  private(set) var failure: ZooError?
  /// What may still be taken.
  private var budget = MemoryBudget.unlimited

  /// - Parameter tables: The outputs as the kernel sees them; those of strings get their memory, which begins empty.
  mutating func begin(
    _ operands: [Plan.Operand], _ tables: UnsafeMutablePointer<zoo_tensor>?, _ memory: MemoryBudget
  ) throws {
    (outputs, failure, strings, budget) = ([], nil, StringMemory(), memory)
    for (index, operand) in operands.enumerated() {
      if case .absent = operand.place {
        outputs.append(Output())
        continue
      }
      guard case .slot = operand.place, let type = operand.facts.elementType else {
        outputs.append(nil)
        continue
      }
      var output = Output(type: type, shape: operand.facts.fixedShape)
      if let shape = output.shape {
        output.memory = try self.memory(type, shape)
        tables?[index].data = output.memory?.mutableBytes.baseAddress
        tables?[index].byte_count = output.memory?.count ?? 0
      } else {
        tables?[index].data = nil
      }
      outputs.append(output)
    }
  }

  mutating func end() { (outputs, strings) = ([], StringMemory()) }

  private mutating func memory(_ type: ElementType, _ shape: [Int]) throws -> TensorMemory {
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    budget = try budget.taking(byteCount)
    let memory = try TensorMemory(byteCount: byteCount)
    if type == .string { _ = memory.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0) }
    return memory
  }

  /// Memory for an output whose shape the kernel has found out; `nil` where there is none.
  mutating func allocate(_ index: Int, _ shape: [Int]) -> UnsafeMutableRawPointer? {
    guard outputs.indices.contains(index), var output = outputs[index], output.shape == nil,
      shape.count <= ZOO_MAX_RANK
    else { return nil }
    do {
      output.memory =
        if let type = output.type { try self.memory(type, shape) } else {
          try TensorMemory(byteCount: Self.mostBytesPerElement * Tensor.elementCount(of: shape))
        }
      output.shape = shape
      outputs[index] = output
      return output.memory?.mutableBytes.baseAddress
    } catch {
      failure = error as? ZooError
      return nil
    }
  }

  mutating func copy(_ bytes: UnsafeRawBufferPointer) -> zoo_string? { strings.copy(bytes) }

  /// What the kernel has made.
  func tensor(_ index: Int) throws -> Tensor {
    guard let output = outputs[index], let type = output.type, let shape = output.shape, let memory = output.memory
    else {
      throw ZooError(.defect, "the plugin left an output without a shape")
    }
    guard type == .string else { return try Tensor(type: type, shape: shape, memory: memory) }
    let table = memory.mutableBytes.bindMemory(to: zoo_string.self)
    // An array for each string is made next, which ends the process where there is no memory.
    let byteCount = table.reduce(0) { $0 + $1.count + 64 }
    let probe = SystemMemory.allocate(byteCount)
    SystemMemory.release(probe)
    guard probe != nil else {
      throw ZooError(.badData, "no memory for \(table.count) strings of \(byteCount) bytes")
    }
    return try Tensor(
      strings: table.map { Array(UnsafeRawBufferPointer(start: $0.bytes, count: $0.count)) }, shape: shape)
  }
}

/// Bytes of strings, freed together.
private final class StringMemory {
  private static let blockCount = 1 << 16
  private var blocks: [UnsafeMutableRawPointer] = []
  /// Of the last block.
  private var room: UnsafeMutableRawBufferPointer?

  /// `nil` where there is no memory.
  func copy(_ bytes: UnsafeRawBufferPointer) -> zoo_string? {
    if room.map({ $0.count < bytes.count }) ?? true {
      let count = max(bytes.count, Self.blockCount)
      guard let block = SystemMemory.allocate(count) else { return nil }
      blocks.append(block)
      room = UnsafeMutableRawBufferPointer(start: block, count: count)
    }
    guard let room else { return nil }
    room.copyMemory(from: bytes)
    self.room = UnsafeMutableRawBufferPointer(rebasing: room[bytes.count...])
    return zoo_string(
      bytes: room.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) }, count: bytes.count)
  }

  deinit { for block in blocks { SystemMemory.release(block) } }
}
