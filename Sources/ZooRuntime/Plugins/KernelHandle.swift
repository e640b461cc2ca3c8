import CZooPlugin
import CZooSystem
import ZooCompiler
import ZooCore
import ZooOperators

/// A kernel that a plugin made; destroys it with the last reference. Kernels may run on any number of threads at once.
final class KernelHandle: @unchecked Sendable {
  let kernel: zoo_kernel

  var workspaceByteCount: Int { kernel.workspace_bytes }
  /// How the kernel computes, in the plugin's words.
  var summary: String? { kernel.description.map { String(cString: $0) } }

  func consumes(input index: Int) -> Bool { index < 64 && kernel.consumed_inputs >> UInt64(index) & 1 == 1 }
  func canOverwrite(input index: Int) -> Bool { index < 64 && kernel.in_place_inputs >> UInt64(index) & 1 == 1 }

  private init(_ kernel: zoo_kernel) { self.kernel = kernel }

  /// Makes sure that the kernel writes each output in the layout that its memory is made for; `nil` for one that nobody
  /// reads.
  ///
  /// - Throws: `ZooError` (`defect`).
  func check(outputLayouts: [Int32?], label: String) throws {
    for (index, layout) in outputLayouts.prefix(64).enumerated() {
      guard let layout, kernel.stated_outputs >> UInt64(index) & 1 == 1 else { continue }
      let isBlocked = kernel.blocked_outputs >> UInt64(index) & 1 == 1
      guard layout == Int32(isBlocked ? ZOO_LAYOUT_NCHW16C : ZOO_LAYOUT_PLAIN) else {
        throw ZooError(
          .defect, "the kernel writes output \(index) in another layout than it has room for", at: label)
      }
    }
  }

  /// Computes the outputs, unless all are empty: kernels would go through the extents around nothing.
  func run(_ call: UnsafeMutablePointer<zoo_call>) -> zoo_status {
    let outputs = UnsafeBufferPointer(start: call.pointee.outputs, count: call.pointee.output_count)
    // One that nobody reads has no type.
    let isEmpty = outputs.allSatisfy { $0.type == 0 || $0.rank >= 0 && $0.byte_count == 0 }
    return isEmpty && !outputs.isEmpty ? zoo_status(ZOO_OK) : kernel.run(kernel.state, call)
  }

  deinit { kernel.destroy?(kernel.state) }

  private static func empty() -> zoo_kernel {
    var kernel = zoo_kernel()
    kernel.size = MemoryLayout<zoo_kernel>.size
    return kernel
  }

  private static func wrap(_ kernel: zoo_kernel, _ label: String) throws -> KernelHandle {
    let handle = KernelHandle(kernel)
    guard kernel.run != nil else { throw ZooError(.defect, "the plugin's kernel is malformed", at: label) }
    guard kernel.workspace_bytes <= 1 << 40 else {
      throw HostTable.noMemory("no memory for scratch of \(kernel.workspace_bytes) bytes", at: label)
    }
    return handle
  }

  /// Has the operator make a kernel for `bound`.
  static func create(
    _ operation: RegisteredOperator, _ bound: BoundNode, label: String, executor: UnsafePointer<zoo_executor>
  ) throws -> KernelHandle {
    var kernel = empty()
    let table = operation.table.pointee
    let status = table.create(table.context, bound.pointer, executor, &kernel)
    do {
      try bound.checkReading()
    } catch {
      // Whatever the plugin has made of the failure.
      _ = zoo_plugin_error_take()
      if status == ZOO_OK { kernel.destroy?(kernel.state) }
      throw error
    }
    try HostTable.check(status, label)
    return try wrap(kernel, label)
  }

  /// A kernel for other input shapes with the same packed weights; `nil` where the plugin wants to make one anew.
  func reshaped(_ bound: BoundNode, label: String, executor: UnsafePointer<zoo_executor>) throws -> KernelHandle? {
    guard let reshape = kernel.reshape else { return nil }
    var made = Self.empty()
    let status = reshape(kernel.state, bound.pointer, executor, &made)
    if status == ZOO_UNSUPPORTED { return nil }
    try HostTable.check(status, label)
    return try Self.wrap(made, label)
  }
}

extension RegisteredOperator {
  /// Facts of the node's outputs; without shapes where only running can tell.
  func infer(_ bound: BoundNode, _ node: CompilerNode) throws -> [ValueFacts] {
    let count = node.outputs.count
    let outputs = bound.memory.allocate(zoo_tensor.self, count: count)
    for index in 0..<count {
      outputs[index].shape = UnsafePointer(bound.memory.allocate(Int64.self, count: Int(ZOO_MAX_RANK)))
    }
    try HostTable.check(table.pointee.infer(table.pointee.context, bound.pointer, outputs), node.label)
    return try (0..<count).map { index in
      let output = outputs[index]
      guard output.rank <= ZOO_MAX_RANK, let type = ElementType(rawValue: output.type) else {
        throw ZooError(.defect, "plugin \(plugin) gives output \(index) no proper type", at: node.label)
      }
      guard output.rank >= 0 else { return ValueFacts(.tensor(type)) }
      let shape = (0..<Int(output.rank)).map { Int(output.shape[$0]) }
      _ = try ZooError.locating(node.label) { try Tensor.byteCount(type: type, shape: shape) }
      return ValueFacts(type, shape)
    }
  }

  /// Inputs that the operator would rather read in pieces than have in memory.
  func readsInPieces(_ bound: BoundNode) -> UInt64 {
    table.pointee.reads_in_pieces?(table.pointee.context, bound.pointer) ?? 0
  }

  /// Whether the operator can apply `step`, whose operands are the last inputs of `bound`.
  func accepts(_ step: FusedStep, in bound: BoundNode) throws -> Bool {
    guard let accepts = table.pointee.accepts else { return false }
    var next = Int32(bound.pointer.pointee.input_count - step.operands.count { $0 != nil })
    var raw = try bound.bind(step, operands: step.numbered(from: &next))
    return accepts(table.pointee.context, bound.pointer, &raw) != 0
  }

  /// The layouts that the operator wants for its inputs and gives its outputs; plain where it has no preference.
  func layouts(_ bound: BoundNode, _ node: CompilerNode) throws -> (inputs: [Int32], outputs: [Int32]) {
    var inputs = [Int32](repeating: Int32(ZOO_LAYOUT_PLAIN), count: bound.pointer.pointee.input_count)
    var outputs = [Int32](repeating: Int32(ZOO_LAYOUT_PLAIN), count: node.outputs.count)
    guard let choose = table.pointee.choose_layouts else { return (inputs, outputs) }
    try HostTable.check(choose(table.pointee.context, bound.pointer, &inputs, &outputs), node.label)
    let known = Int32(ZOO_LAYOUT_PLAIN)...Int32(ZOO_LAYOUT_NCHW16C)
    guard inputs.allSatisfy(known.contains), outputs.allSatisfy(known.contains) else {
      throw ZooError(.defect, "plugin \(plugin) asks for an unknown layout", at: node.label)
    }
    return (inputs, outputs)
  }
}
