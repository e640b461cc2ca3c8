import CZooPlugin
import CZooSystem
import ZooCompiler
import ZooCore
import ZooOperators
import ZooSystem

/// A kernel that a plugin made; destroys it with the last reference. Kernels may run on any number of threads at once.
package final class KernelHandle: @unchecked Sendable {
  private let kernel: zoo_kernel
  private let consumed, overwritable: [Bool]
  private let places: [Int?]
  /// By output: the number of the layout in which it is written, whatever room there is.
  private let layouts: [Int32]
  /// The node's graphs, whose addresses the kernel knows.
  private let bodies: [BodyHandle]
  private let operation: RegisteredOperator
  /// What a crash is told by.
  private let note: CrashNote

  /// Whose operator it is: the plugin's name, and where it came from.
  package var plugin: (name: String, origin: String) { (operation.plugin, operation.origin) }

  package var workspaceByteCount: Int { kernel.workspace_bytes }
  /// How the kernel computes, in the plugin's words.
  package var summary: String? { kernel.description.map { String(cString: $0) } }

  package func consumes(input index: Int) -> Bool { consumed.indices.contains(index) && consumed[index] }
  package func canOverwrite(input index: Int) -> Bool { overwritable.indices.contains(index) && overwritable[index] }

  /// The byte of output 0 from which on the kernel puts the input, with which it does nothing else.
  package func place(ofInput index: Int) -> Int? { places.indices.contains(index) ? places[index] : nil }

  private init(
    _ kernel: zoo_kernel, _ bound: BoundNode, _ bodies: [BodyHandle], _ operation: RegisteredOperator, _ note: CrashNote
  ) {
    (self.kernel, self.bodies, self.operation, self.note) = (kernel, bodies, operation, note)
    let node = bound.pointer.pointee
    consumed = (0..<node.input_count).map { kernel.consumed_inputs[$0] != 0 }
    overwritable = (0..<node.input_count).map { kernel.in_place_inputs[$0] != 0 }
    places = (0..<node.input_count).map { Int(exactly: kernel.input_places[$0]) }
    layouts = (0..<node.output_count).map { kernel.output_layouts[$0] }
  }

  /// Makes sure that the kernel writes each output in the layout that its memory is made for; `nil` for one that nobody
  /// reads.
  ///
  /// - Throws: `ZooError` (`defect`).
  package func check(outputLayouts: [Int32?], label: String) throws {
    for (index, (written, layout)) in zip(layouts, outputLayouts).enumerated() where written != ZOO_LAYOUT_NONE {
      guard layout == nil || layout == written else {
        throw ZooError(
          .defect, "the kernel writes output \(index) in another layout than it has room for", at: label)
      }
    }
  }

  /// Computes the outputs, unless all are empty: kernels would go through the extents around nothing. What a crash is told by
  /// stays set: `CrashNote.restoring` goes around several.
  package func run(_ call: UnsafeMutablePointer<zoo_call>) -> zoo_status {
    let outputs = UnsafeBufferPointer(start: call.pointee.outputs, count: call.pointee.output_count)
    // One that nobody reads has no type.
    let isEmpty = outputs.allSatisfy { output in
      guard let output, output.pointee.kind == ZOO_VALUE_TENSOR else { return false }
      return output.pointee.type == 0 || output.pointee.rank >= 0 && output.pointee.byte_count == 0
    }
    if isEmpty && !outputs.isEmpty { return zoo_status(ZOO_OK) }
    note.begin()
    return kernel.run(kernel.state, call)
  }

  deinit { kernel.destroy?(kernel.state) }

  /// What a plugin fills in for `bound`, whose memory holds the lists.
  private static func empty(_ bound: BoundNode) -> zoo_kernel {
    let node = bound.pointer.pointee
    var kernel = zoo_kernel()
    kernel.size = MemoryLayout<zoo_kernel>.size
    kernel.consumed_inputs = bound.memory.allocate(UInt8.self, count: node.input_count)
    kernel.in_place_inputs = bound.memory.allocate(UInt8.self, count: node.input_count)
    kernel.input_places = bound.memory.copy([Int](repeating: Int(bitPattern: UInt.max), count: node.input_count))
    kernel.output_layouts = bound.memory.copy([Int32](repeating: Int32(ZOO_LAYOUT_NONE), count: node.output_count))
    return kernel
  }

  private static func wrap(
    _ kernel: zoo_kernel, _ bound: BoundNode, _ bodies: [BodyHandle], _ label: String, _ operation: RegisteredOperator,
    _ note: CrashNote
  ) throws -> KernelHandle {
    let handle = KernelHandle(kernel, bound, bodies, operation, note)
    guard kernel.run != nil else { throw ZooError(.defect, "the plugin's kernel is malformed", at: label) }
    guard kernel.workspace_bytes <= 1 << 40 else {
      throw HostTable.noMemory("no memory for scratch of \(kernel.workspace_bytes) bytes", at: label)
    }
    return handle
  }

  /// Has the operator make a kernel for `bound`.
  ///
  /// - Parameter bodies: What `bound` was made with.
  package static func create(
    _ operation: RegisteredOperator, _ bound: BoundNode, bodies: [BodyHandle] = [], label: String,
    executor: UnsafePointer<zoo_executor>
  ) throws -> KernelHandle {
    var kernel = empty(bound)
    let table = operation.table
    let note = operation.note(label)
    let status = note.noting { table.create(table.context, bound.pointer, executor, &kernel) }
    do {
      try bound.checkReading()
    } catch {
      // Whatever the plugin has made of the failure.
      _ = zoo_plugin_error_take()
      if status == ZOO_OK { kernel.destroy?(kernel.state) }
      throw error
    }
    try HostTable.check(status, label)
    return try wrap(kernel, bound, bodies, label, operation, note)
  }

  /// A kernel for other input shapes with the same packed weights; `nil` where the plugin wants to make one anew.
  package func reshaped(_ bound: BoundNode, label: String, executor: UnsafePointer<zoo_executor>) throws
    -> KernelHandle?
  {
    guard let reshape = kernel.reshape else { return nil }
    var made = Self.empty(bound)
    let note = operation.note(label)
    let status = note.noting { reshape(kernel.state, bound.pointer, executor, &made) }
    if status == ZOO_UNSUPPORTED { return nil }
    try HostTable.check(status, label)
    return try Self.wrap(made, bound, bodies, label, operation, note)
  }
}

extension ScratchMemory {
  /// An output that an operator is yet to describe, with room for what it holds.
  fileprivate func emptyOutput(depth: Int32) -> zoo_tensor {
    var output = zoo_tensor.absent
    output.shape = UnsafePointer(allocate(Int64.self, count: Int(ZOO_MAX_RANK)))
    if depth > 0 { output.element = copy([emptyOutput(depth: depth - 1)]) }
    return output
  }
}

extension ValueKind {
  /// What an operator says of an output; `nil` where that makes no sense.
  fileprivate init?(_ output: zoo_tensor, depth: Int32) {
    let type = ElementType(rawValue: output.type)
    // Tensors of a type need no element, which then says nothing.
    let element =
      if let held = output.element, depth > 0, type == nil || output.kind == ZOO_VALUE_MAP {
        ValueKind(held.pointee, depth: depth - 1)
      } else {
        type.map { ValueKind.tensor($0) }
      }
    guard let element else { return nil }
    switch Int(output.kind) {
    case ZOO_VALUE_TENSOR where type != nil: self = element
    case ZOO_VALUE_SEQUENCE: self = .sequence(element)
    case ZOO_VALUE_OPTIONAL: self = .optional(element)
    case ZOO_VALUE_MAP:
      guard let type else { return nil }
      self = .map(key: type, value: element)
    default: return nil
    }
  }
}

extension RegisteredOperator {
  /// What a crash in the plugin is told by.
  fileprivate func note(_ label: String) -> CrashNote { CrashNote("\(label), in the plugin \(plugin) (\(origin))") }

  /// Facts of the node's outputs; without shapes where only running can tell.
  package func infer(_ bound: BoundNode, _ node: CompilerNode) throws -> [ValueFacts] {
    let outputs = bound.memory.list(node.outputs.map { _ in bound.memory.emptyOutput(depth: ZOO_MAX_DEPTH) })
    let status = note(node.label).noting { table.infer(table.context, bound.pointer, outputs.writing) }
    try HostTable.check(status, node.label)
    return try node.outputs.indices.map { index in
      let output = outputs[index].pointee
      guard output.rank <= ZOO_MAX_RANK, let kind = ValueKind(output, depth: ZOO_MAX_DEPTH) else {
        throw ZooError(.defect, "plugin \(plugin) gives output \(index) no proper type", at: node.label)
      }
      guard output.rank >= 0, let type = kind.elementType else { return ValueFacts(kind) }
      let shape = (0..<Int(output.rank)).map { Int(output.shape[$0]) }
      _ = try ZooError.locating(node.label) { try Tensor.byteCount(type: type, shape: shape) }
      return ValueFacts(type, shape)
    }
  }

  /// Inputs that the operator would rather read in pieces than have in memory.
  package func readsInPieces(_ bound: BoundNode) -> [Bool] {
    let count = bound.pointer.pointee.input_count
    let asked = bound.memory.allocate(UInt8.self, count: count)
    own.noting { table.reads_in_pieces?(table.context, bound.pointer, asked) }
    return (0..<count).map { asked[$0] != 0 }
  }

  /// Whether the operator can apply `step`, whose operands are the last inputs of `bound`.
  package func accepts(_ step: FusedStep, in bound: BoundNode) throws -> Bool {
    guard let accepts = table.accepts else { return false }
    var next = Int32(bound.pointer.pointee.input_count - step.operands.count { $0 != nil })
    var raw = try bound.bind(step, operands: step.numbered(from: &next))
    return own.noting { accepts(table.context, bound.pointer, &raw) } != 0
  }

  /// The layouts that the operator wants for its inputs and gives its outputs; plain where it has no preference.
  package func layouts(_ bound: BoundNode, _ node: CompilerNode) throws -> (inputs: [Int32], outputs: [Int32]) {
    var inputs = [Int32](repeating: Int32(ZOO_LAYOUT_PLAIN), count: bound.pointer.pointee.input_count)
    var outputs = [Int32](repeating: Int32(ZOO_LAYOUT_PLAIN), count: node.outputs.count)
    guard let choose = table.choose_layouts else { return (inputs, outputs) }
    try HostTable.check(own.noting { choose(table.context, bound.pointer, &inputs, &outputs) }, node.label)
    guard (inputs + outputs).allSatisfy(LayoutTable.isKnown) else {
      throw ZooError(.defect, "plugin \(plugin) asks for an unknown layout", at: node.label)
    }
    return (inputs, outputs)
  }
}
