import CVectorKernels
import CZooPlugin
import ZooPlugin

/// Serves float16 and bfloat16 by an operator for float32: inputs are widened, outputs rounded.
package struct HalfPrecision<Base: Operator>: Operator {
  package let base: Base
  package var signature: Signature { base.signature }

  package func accepts(_ step: Step, in node: Node) -> Bool {
    Self.halves(node).isEmpty && base.accepts(step, in: node)
  }

  package func layouts(for node: Node) throws -> LayoutChoice? {
    Self.halves(node).isEmpty ? try base.layouts(for: node) : nil
  }

  package func inputsInPieces(_ node: Node) -> [Int] { Self.halves(node).isEmpty ? base.inputsInPieces(node) : [] }

  package func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let halves = Self.halves(node)
    if halves.isEmpty { return try base.makeKernel(node, on: executor) }
    let inputs = TensorCopies(node.raw.pointee.inputs, count: node.inputCount)
    var widened: [Widened] = []
    for index in halves where inputs[index].data != nil || inputs[index].byte_count == 0 {
      widened.append(try Widened(&inputs[index], host: node.host))
    }
    for index in halves { inputs[index].type = ElementType.float32.rawValue }
    return try withExtendedLifetime((inputs, widened)) {
      var changed = node.raw.copy(into: zoo_node())
      changed.inputs = inputs.list
      return HalfKernel(try base.makeKernel(Node(&changed, host: node.host), on: executor))
    }
  }

  private static func halves(_ node: Node) -> [Int] {
    (0..<node.inputCount).filter { node.optionalInput($0)?.type.isHalf ?? false }
  }
}

/// Tensors of a node or a call, to be changed before an operator sees them.
private final class TensorCopies {
  private let tensors: UnsafeMutablePointer<zoo_tensor>
  private let pointers: UnsafeMutablePointer<UnsafePointer<zoo_tensor>?>
  let count: Int

  init(_ list: UnsafePointer<UnsafePointer<zoo_tensor>?>, count: Int) {
    self.count = count
    tensors = .allocate(capacity: count)
    pointers = .allocate(capacity: count)
    for index in 0..<count {
      (tensors + index).initialize(to: list[index].unsafelyUnwrapped.copy(into: zoo_tensor()))
      pointers[index] = UnsafePointer(tensors + index)
    }
  }

  /// As the ABI has them, while this object is there.
  var list: UnsafePointer<UnsafePointer<zoo_tensor>?> { UnsafePointer(pointers) }

  subscript(index: Int) -> zoo_tensor {
    get { tensors[index] }
    _modify { yield &tensors[index] }
  }

  deinit {
    tensors.deallocate()
    pointers.deallocate()
  }
}

/// A float32 copy of a tensor of half precision.
private final class Widened {
  private let values: Scratch<Float>

  /// Copies what `tensor` points to and lets it point to the copy, which lives as long as this object.
  init(_ tensor: inout zoo_tensor, host: Host) throws {
    let count = try elementCount((0..<Int(tensor.rank)).map { Int(tensor.shape[$0]) })
    values = try host.scratch(count)
    let source = tensor.data?.assumingMemoryBound(to: UInt16.self)
    let isFloat16 = tensor.type == ElementType.float16.rawValue
    tensor.type = ElementType.float32.rawValue
    tensor.byte_count = count * 4
    tensor.data = values.withPointer { values in
      (isFloat16 ? zs_halves_to_floats : zs_bfloats_to_floats)(source, values, source == nil ? 0 : count)
      return UnsafeMutableRawPointer(values)
    }
  }
}

private final class HalfKernel: Kernel {
  let base: any Kernel

  init(_ base: any Kernel) { self.base = base }

  var workspaceByteCount: Int { base.workspaceByteCount }
  var consumedInputs: [Int] { base.consumedInputs }
  var summary: String? { base.summary.map { "\($0), widened to float32" } ?? "widened to float32" }

  func run(_ call: Call) throws {
    let inputs = TensorCopies(call.raw.pointee.inputs, count: call.inputCount)
    var widened: [Widened] = []
    for index in 0..<inputs.count where ElementType(rawValue: inputs[index].type).isHalf && inputs[index].data != nil {
      widened.append(try Widened(&inputs[index], host: call.host))
    }
    let results = TensorCopies(call.raw.pointee.outputs, count: call.outputCount)
    let rounded = RoundedOutputs(call)
    for index in 0..<results.count where ElementType(rawValue: results[index].type).isHalf {
      results[index].type = ElementType.float32.rawValue
      // One without memory is not wanted, or its shape is not known yet.
      guard results[index].data != nil else { continue }
      let output = call.output(index)
      results[index].data = try rounded.add(index, output.shape, to: output.data)
      results[index].byte_count = output.count * 4
    }
    try withExtendedLifetime((inputs, widened, results, rounded)) {
      var changed = HalfCall(
        call: call.raw.copy(into: zoo_call()), outputs: Unmanaged.passUnretained(rounded).toOpaque())
      changed.call.inputs = inputs.list
      changed.call.outputs = results.list
      changed.call.allocate_output = allocateRounded
      try withUnsafePointer(to: &changed) { changed in
        try changed.withMemoryRebound(to: zoo_call.self, capacity: 1) { try base.run(Call($0, host: call.host)) }
      }
    }
    rounded.finish()
  }
}

/// A call with float32 in place of half precision. The kernel sees the first part.
private struct HalfCall {
  var call: zoo_call
  /// `RoundedOutputs`.
  var outputs: UnsafeMutableRawPointer
}

/// Outputs of half precision that a kernel writes as float32.
private final class RoundedOutputs {
  let call: Call
  private var parts: [(type: ElementType, values: Scratch<Float>, target: UnsafeMutableRawPointer?)] = []

  init(_ call: Call) { self.call = call }

  /// Memory for what will be rounded to `target`.
  func add(_ index: Int, _ shape: [Int], to target: UnsafeMutableRawPointer?) throws -> UnsafeMutableRawPointer {
    let values = try call.host.scratch(try elementCount(shape), of: Float.self)
    parts.append((call.output(index).type, values, target))
    return values.withPointer { UnsafeMutableRawPointer($0) }
  }

  func finish() {
    for part in parts {
      guard let target = part.target?.assumingMemoryBound(to: UInt16.self) else { continue }
      let round = part.type == .float16 ? zs_floats_to_halves : zs_floats_to_bfloats
      part.values.withPointer { round($0, target, part.values.count) }
    }
  }
}

/// Makes memory for an output whose shape the kernel tells.
private func allocateRounded(
  _ changed: UnsafePointer<zoo_call>?, _ index: Int, _ shape: UnsafePointer<Int64>?, _ rank: Int32
) -> UnsafeMutableRawPointer? {
  guard let changed else { return nil }
  let outputs = UnsafeRawPointer(changed).assumingMemoryBound(to: HalfCall.self).pointee.outputs
  let rounded = Unmanaged<RoundedOutputs>.fromOpaque(outputs).takeUnretainedValue()
  let original = rounded.call.raw
  guard let memory = original.pointee.allocate_output(original, index, shape, rank) else { return nil }
  guard index < rounded.call.outputCount, rounded.call.output(index).type.isHalf else { return memory }
  let extents = (0..<Int(rank)).map { place in shape.map { Int($0[place]) } ?? 0 }
  return try? rounded.add(index, extents, to: memory)
}

extension Operator {
  /// This operator with float16 and bfloat16 computed as float32.
  package func withHalves() -> any Operator { HalfPrecision(base: self) }
}
