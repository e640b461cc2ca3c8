import CZooPlugin
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem
import ZooPlatform

/// The outputs that a kernel is making whose shapes only it knows, which are strings, or no tensors.
struct OutputsInProgress {
  private struct Output {
    /// `nil` for one that nobody wants and the kernel makes all the same.
    var kind: ValueKind?
    var shape: [Int]?
    var memory: TensorMemory?
    /// The tensors of a sequence.
    var elements: [Output] = []
    /// What the kernel has given as a whole.
    var value: Value?

    var type: ElementType? { kind?.elementType }
  }

  /// Of the largest elements that there are.
  private static let mostBytesPerElement = 16

  /// By position among the kernel's outputs; `nil` for those that have their place.
  private var outputs: [Output?] = []
  private var strings = StringMemory()
  /// Why an output could not be made.
  private(set) var failure: (any Error)?
  /// What may still be taken.
  private var budget = MemoryBudget.unlimited
  /// What an output of unknown shape may take.
  private var mostBytes = Int.max

  /// Ends a run that is not worth its result's memory.
  struct MoreThanAllowed: Error {}

  /// - Parameter tables: The outputs as the kernel sees them; those of strings get their memory, which begins empty.
  mutating func begin(
    _ operands: [Plan.Operand], _ tables: UnsafePointer<UnsafePointer<zoo_tensor>?>?, _ call: RunContext
  ) throws {
    (budget, mostBytes) = (call.memory, call.mostBytes)
    (outputs, failure, strings) = ([], nil, StringMemory())
    for (index, operand) in operands.enumerated() {
      if case .absent = operand.place {
        outputs.append(Output())
        continue
      }
      guard case .slot = operand.place else {
        outputs.append(nil)
        continue
      }
      var output = Output(kind: operand.facts.kind, shape: operand.facts.fixedShape)
      let table = UnsafeMutablePointer(mutating: tables?[index])
      table?.pointee.data = nil
      if let type = output.type, let shape = output.shape {
        output.memory = try self.memory(type, shape)
        table?.pointee.data = output.memory?.mutableBytes.baseAddress
        table?.pointee.byte_count = output.memory?.count ?? 0
      }
      outputs.append(output)
    }
  }

  /// Notes why a callback of the kernel could not do what it was asked for.
  mutating func fail(_ error: any Error) { failure = failure ?? error }

  /// What `body` makes; nothing, and why, where it fails.
  private mutating func noting<Made>(_ body: (inout Self) throws -> Made?) -> Made? {
    do { return try body(&self) } catch {
      fail(error)
      return nil
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
      output.kind == nil || output.type != nil, shape.count <= ZOO_MAX_RANK
    else { return nil }
    return noting { making in
      if making.mostBytes < .max, try Tensor.byteCount(type: output.type ?? .int64, shape: shape) > making.mostBytes {
        throw MoreThanAllowed()
      }
      output.memory =
        if let type = output.type { try making.memory(type, shape) } else {
          try TensorMemory(byteCount: Self.mostBytesPerElement * Tensor.elementCount(of: shape))
        }
      output.shape = shape
      making.outputs[index] = output
      return output.memory?.mutableBytes.baseAddress
    }
  }

  /// Memory for a tensor at the end of an output that is a sequence; `nil` where there is none.
  mutating func append(_ index: Int, _ number: Int32, _ shape: [Int]) -> UnsafeMutableRawPointer? {
    guard outputs.indices.contains(index), case .sequence(let kind)? = outputs[index]?.kind,
      let type = ElementType(rawValue: number), kind == .tensor(type), shape.count <= ZOO_MAX_RANK
    else { return nil }
    return noting { making in
      let memory = try making.memory(type, shape)
      making.outputs[index]?.elements.append(Output(kind: kind, shape: shape, memory: memory))
      return memory.mutableBytes.baseAddress
    }
  }

  /// Gives an output a value that is there already.
  ///
  /// - Returns: Whether it is such an output, and of the value's kind.
  mutating func set(_ index: Int, _ value: Value) -> Bool {
    guard outputs.indices.contains(index), let output = outputs[index], output.memory == nil else { return false }
    guard let kind = output.kind else { return true }
    guard value.fits(kind) else { return false }
    outputs[index]?.value = value
    return true
  }

  /// Gives the kernel a value of its own, until it lets go of that.
  mutating func make(_ result: UnsafeMutablePointer<OpaquePointer?>?, _ value: () throws -> Value) -> zoo_status {
    guard let result else { return zoo_status(ZOO_INVALID) }
    result.pointee = noting { making in
      let made = try value()
      making.budget = try making.budget.taking(made.tensor?.byteCount ?? 0)
      return ValueHandle([made]).retained
    }
    return zoo_status(result.pointee == nil ? ZOO_FAILED : ZOO_OK)
  }

  mutating func copy(_ bytes: UnsafeRawBufferPointer) -> zoo_string? { strings.copy(bytes) }

  /// What the kernel has made.
  func value(_ index: Int) throws -> Value {
    guard let output = outputs[index] else { throw ZooError(.defect, "the plugin left out an output") }
    if let value = output.value { return value }
    guard case .sequence? = output.kind else { return .tensor(try tensor(output)) }
    return .sequence(try output.elements.map { .tensor(try tensor($0)) })
  }

  private func tensor(_ output: Output) throws -> Tensor {
    guard let type = output.type, let shape = output.shape, let memory = output.memory else {
      throw ZooError(.defect, "the plugin left an output without a shape")
    }
    guard type == .string else { return try Tensor(type: type, shape: shape, memory: memory) }
    let table = memory.mutableBytes.bindMemory(to: zoo_string.self)
    // An array for each string is made next, which ends the process where there is no memory.
    let byteCount = table.reduce(0) { $0 + $1.count + 64 }
    let probe = SystemMemory.allocate(byteCount)
    SystemMemory.release(probe)
    guard probe != nil else {
      throw ZooError(.outOfMemory, "no memory for \(table.count) strings of \(byteCount) bytes")
    }
    return try Tensor(
      strings: table.map { Array(UnsafeRawBufferPointer(start: $0.bytes, count: $0.count)) }, shape: shape)
  }
}
