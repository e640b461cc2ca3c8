import CVectorKernels
import CZooPlugin
import ZooPlugin

/// Serves float16 and bfloat16 by an operator for float32: inputs are widened, outputs rounded.
package struct HalfPrecision<Base: Operator>: Operator {
  package let base: Base
  package var signature: Signature { base.signature }

  package func infer(_ node: Node) throws -> [OutputType] { try base.infer(node) }

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
    let outputs = try base.infer(node)
    var inputs = (0..<node.raw.pointee.input_count).map { node.raw.pointee.inputs[$0] }
    var widened: [Widened] = []
    for index in halves where inputs[index].data != nil || inputs[index].byte_count == 0 {
      widened.append(try Widened(&inputs[index], host: node.host))
    }
    for index in halves { inputs[index].type = ElementType.float32.rawValue }
    let kernel = try withExtendedLifetime(widened) {
      try inputs.withUnsafeBufferPointer { inputs in
        var changed = node.raw.pointee
        changed.inputs = inputs.baseAddress
        return try base.makeKernel(Node(&changed, host: node.host), on: executor)
      }
    }
    return HalfKernel(kernel, outputs: outputs)
  }

  private static func halves(_ node: Node) -> [Int] {
    (0..<node.inputCount).filter { node.optionalInput($0)?.type.isHalf ?? false }
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
  let outputs: [OutputType]

  init(_ base: any Kernel, outputs: [OutputType]) {
    self.base = base
    self.outputs = outputs
  }

  var workspaceByteCount: Int { base.workspaceByteCount }
  var consumedInputs: [Int] { base.consumedInputs }
  var summary: String? { base.summary.map { "\($0), widened to float32" } ?? "widened to float32" }

  func run(_ call: Call) throws {
    var inputs = (0..<call.inputCount).map { call.raw.pointee.inputs[$0] }
    var widened: [Widened] = []
    for index in inputs.indices where ElementType(rawValue: inputs[index].type).isHalf && inputs[index].data != nil {
      widened.append(try Widened(&inputs[index], host: call.host))
    }
    var results = (0..<call.outputCount).map { call.raw.pointee.outputs[$0] }
    let rounded = RoundedOutputs(call)
    for index in results.indices where ElementType(rawValue: results[index].type).isHalf {
      results[index].type = ElementType.float32.rawValue
      // One without memory is not wanted, or its shape is not known yet.
      guard results[index].data != nil else { continue }
      let inferred = outputs.indices.contains(index) ? outputs[index].shape : nil
      let shape = inferred ?? call.output(index).shape
      results[index].data = try rounded.add(index, shape, to: call.output(index).data)
      results[index].byte_count = try elementCount(shape) * 4
    }
    try withExtendedLifetime((widened, rounded)) {
      try inputs.withUnsafeBufferPointer { inputs in
        try results.withUnsafeBufferPointer { results in
          var changed = HalfCall(call: call.raw.pointee, outputs: Unmanaged.passUnretained(rounded).toOpaque())
          changed.call.inputs = inputs.baseAddress
          changed.call.outputs = results.baseAddress
          changed.call.allocate_output = allocateRounded
          try withUnsafePointer(to: &changed) { changed in
            try changed.withMemoryRebound(to: zoo_call.self, capacity: 1) { try base.run(Call($0, host: call.host)) }
          }
        }
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
