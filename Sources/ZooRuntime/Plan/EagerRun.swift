import CZooPlugin
import CZooSystem
import ZooCore

/// Runs one node on `inputs` (by position, `nil` for absent ones) and gives its outputs.
///
/// Nothing is kept: for constant folding, for parts of a graph whose shapes only running can tell, and for tests.
///
/// - Throws: `ZooError` (`unsupported`) for an operator that nobody offers, (`badData`) for what the operator refuses.
public func runOperator(
  _ node: Node, inputs: [Tensor?], opset: Int64, registry: OperatorRegistry, pool: ThreadPool = .shared,
  threads: Int = .max
) throws -> [Tensor] {
  let operation = try registry.require(node, opset: opset)
  return try pool.withExecutor(limit: threads) { executor in
    try runEagerly(operation, node, inputs: inputs, opset: opset, executor: executor)
  }
}

func runEagerly(
  _ operation: RegisteredOperator, _ node: Node, inputs: [Tensor?], opset: Int64,
  executor: UnsafePointer<zoo_executor>
) throws -> [Tensor] {
  let descriptions = inputs.map { tensor in
    tensor.map { ValueDescription(type: $0.type, shape: $0.shape, constant: $0) }
  }
  let bound = try BoundNode(node, opset: opset, inputs: descriptions, usedOutputs: usedOutputs(of: node))
  let types = try operation.infer(bound, node: node)
  let kernel = try KernelHandle.create(operation, bound, node: node, executor: executor)
  try kernel.check(outputLayouts: types.map(\.layout), node: node)
  let outputs = try types.map { try OutputBuffer($0, memory: bound.memory) }
  let call = EagerCall(outputs: outputs)
  let tables = bound.memory.copy(outputs.map(\.table))
  let workspace = try TensorMemory(byteCount: kernel.workspaceByteCount)
  try withExtendedLifetime((inputs, workspace)) {
    var raw = zoo_call(
      size: MemoryLayout<zoo_call>.size, inputs: bound.pointer.pointee.inputs, input_count: inputs.count,
      outputs: tables, output_count: outputs.count, workspace: workspace.mutableBytes.baseAddress,
      executor: executor, state: Unmanaged.passUnretained(call).toOpaque(),
      allocate_output: { call, index, shape, rank in
        EagerCall.of(call).allocate(index, (0..<Int(rank)).map { Int(shape.unsafelyUnwrapped[$0]) })
      },
      copy_string: { call, bytes, count in
        EagerCall.of(call).strings.copy(UnsafeRawBufferPointer(start: bytes, count: count)) ?? zoo_string()
      })
    let status = kernel.run(&raw)
    if let failure = call.failure {
      _ = zoo_plugin_error_take()
      throw failure.located(node.label)
    }
    try HostTable.check(status, node.label)
  }
  return try withExtendedLifetime(call) { try call.outputs.map { try $0.tensor(of: node) } }
}

/// Bit i: output i has a name.
func usedOutputs(of node: Node) -> UInt64 {
  node.outputs.enumerated().reduce(0) { $1.offset < 64 && !$1.element.isEmpty ? $0 | 1 << UInt64($1.offset) : $0 }
}

/// The memory of one output, made before the run or, for unknown shapes, by it.
private struct OutputBuffer {
  let type: ElementType
  var shape: [Int]?
  var storage: TensorMemory?
  let dimensions: UnsafeMutablePointer<Int64>

  init(_ description: ValueDescription, memory: ScratchMemory) throws {
    type = description.type
    shape = description.shape
    dimensions = memory.allocate(Int64.self, count: Int(ZOO_MAX_RANK))
    for (index, extent) in (shape ?? []).enumerated() { dimensions[index] = Int64(extent) }
    if shape != nil { storage = try Self.makeMemory(description) }
  }

  /// Strings begin as empty ones.
  static func makeMemory(_ description: ValueDescription) throws -> TensorMemory {
    let memory = try TensorMemory(byteCount: description.byteCount)
    if description.type == .string { memset(memory.mutableBytes.baseAddress!, 0, memory.count) }
    return memory
  }

  var table: zoo_tensor {
    zoo_tensor(
      type: type.rawValue, layout: 0, rank: shape.map { Int32($0.count) } ?? ZOO_RANK_UNKNOWN, is_constant: 0,
      shape: dimensions, data: storage?.mutableBytes.baseAddress, byte_count: storage?.count ?? 0)
  }

  func tensor(of node: Node) throws -> Tensor {
    guard let shape, let storage else {
      throw ZooError(.defect, "the plugin left an output without a shape", at: node.label)
    }
    guard type == .string else { return try Tensor(type: type, shape: shape, memory: storage) }
    let table = storage.mutableBytes.bindMemory(to: zoo_string.self)
    // An array for each string is made next, which ends the process where there is no memory.
    let byteCount = table.reduce(0) { $0 + $1.count + 64 }
    let probe = SystemMemory.allocate(byteCount)
    SystemMemory.release(probe)
    guard probe != nil else {
      throw HostTable.noMemory("no memory for \(table.count) strings of \(byteCount) bytes", at: node.label)
    }
    let strings = table.map { string in
      Array(UnsafeRawBufferPointer(start: string.bytes, count: string.count))
    }
    return try Tensor(strings: strings, shape: shape)
  }
}

private final class EagerCall {
  var outputs: [OutputBuffer]
  let strings = StringMemory()
  /// Why an output could not be made.
  private(set) var failure: ZooError?

  init(outputs: [OutputBuffer]) { self.outputs = outputs }

  static func of(_ call: UnsafePointer<zoo_call>?) -> EagerCall {
    Unmanaged<EagerCall>.fromOpaque(call.unsafelyUnwrapped.pointee.state).takeUnretainedValue()
  }

  func allocate(_ index: Int, _ shape: [Int]) -> UnsafeMutableRawPointer? {
    guard outputs.indices.contains(index), outputs[index].shape == nil, shape.count <= ZOO_MAX_RANK else { return nil }
    do {
      let storage = try OutputBuffer.makeMemory(ValueDescription(type: outputs[index].type, shape: shape))
      outputs[index].shape = shape
      outputs[index].storage = storage
      return storage.mutableBytes.baseAddress
    } catch {
      failure = error as? ZooError
      return nil
    }
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

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
