import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Pow; the exponent may be of another type than the base.
  static func pow(_ host: ZooHost) -> any Operator { Pow(host: host) }
}

private struct Pow: Operator {
  let signature = Signature("Pow", since: 1)
  private let ofFloats: BinaryOperator

  init(host: ZooHost) { ofFloats = BinaryOperator("Pow", host: host, ZS_POW) }

  private static func isOfFloats(_ node: Node) -> Bool {
    (0..<2).allSatisfy { node.optionalInput($0)?.type == .float32 }
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try (Self.isOfFloats(node) ? ofFloats : Self.ofAnyTypes).makeKernel(node, on: executor)
  }

  func accepts(_ step: Step, in node: Node) -> Bool { Self.isOfFloats(node) && ofFloats.accepts(step, in: node) }

  func layouts(for node: Node) throws -> LayoutChoice? { Self.isOfFloats(node) ? try ofFloats.layouts(for: node) : nil }

  private static let ofAnyTypes: any Operator = ShapedOperator("Pow") { node in
    let axis = try node.opset < 7 ? node.attributes.int("axis") : nil
    return ShapedOperator.Form(
      compute: { inputs, outputs in
        let (a, b) = (try inputs[0], try inputs[1])
        guard outputs.isWritable(0), let target = outputs.data(0), a.data != nil, b.data != nil else { return }
        // Integers to the power of fractions go by way of double.
        let type = a.type.isFloat || !b.type.isFloat ? a.type : .float64
        let (left, right) = (try converted(a, to: type), try converted(b, to: type))
        let rows = Broadcast([a.shape, try aligned(b.shape, to: a.shape, axis: axis)], to: outputs.shape(0))
        let size = try type.elementByteCount
        let count = outputs.shape(0).reduce(1, *)
        let scratch = try outputs.call.host.allocate(count.times(size))
        try withExtendedLifetime((left, right, scratch)) {
          rows.forEach(outputs.executor, grain: 4096) { place, offsets, count in
            _ = zs_typed_binary(
              type.rawValue, ZS_POW.code, left.address + offsets[0] * size, rows.steps[0],
              right.address + offsets[1] * size, rows.steps[1], scratch.address + place * size, count)
          }
          guard zs_cast(type.rawValue, a.type.rawValue, scratch.address, target, count, 1) == 1 else {
            throw unsupported(a.type)
          }
        }
      })
  }
}

/// A copy of `tensor` in another type.
private func converted(_ tensor: TensorView, to type: ElementType) throws -> HostMemory {
  let memory = try tensor.host.allocate(tensor.count.times(type.elementByteCount))
  guard
    tensor.data == nil
      || zs_cast(tensor.type.rawValue, type.rawValue, tensor.data, memory.address, tensor.count, 1) == 1
  else { throw unsupported(tensor.type) }
  return memory
}
