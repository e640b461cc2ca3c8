import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Sum, Mean, Min and Max: one binary function folded over any number of tensors that broadcast.
struct VariadicOperator: Operator {
  let signature: Signature
  let host: ZooHost
  let code: zs_binary
  let mean: Bool

  init(_ name: String, host: ZooHost, _ code: zs_binary, mean: Bool = false) {
    signature = Signature(name, since: 1)
    self.host = host
    self.code = code
    self.mean = mean
  }

  private func shapes(_ node: Node) throws -> [[Int]] {
    try (0..<node.ownInputCount).map { try node.input($0).shape }
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let shapes = try shapes(node)
    let (type, shape) = (try node.input(0).type, try broadcastShape(shapes))
    guard zs_typed_binary(type.rawValue, code.code, nil, 0, nil, 0, nil, 0) == 1 else {
      throw unsupported(type)
    }
    let blocked = try node.input(0).layout == .nchw16c
    let count = blocked ? blockedCount(shape) : try elementCount(shape)
    let steps = shapes.indices.dropFirst().map { index in
      blocked
        ? Broadcast([[count], [count]], to: [count])
        : Broadcast([index == 1 ? shapes[0] : shape, shapes[index]], to: shape)
    }
    return VariadicKernel(
      code, type: type, steps: steps, count: count, layout: blocked ? .nchw16c : .plain,
      scale: mean ? 1 / Float(shapes.count) : nil,
      inPlace: shapes[0] == shape ? [0] : [], kernels: host.kernels)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let shapes = try shapes(node)
    guard try node.input(0).type == .float32, shapes.allSatisfy({ $0 == shapes[0] }),
      (0..<node.ownInputCount).contains(where: { node.optionalInput($0)?.layout == .nchw16c })
    else { return nil }
    return LayoutChoice(inputs: shapes.map { _ in .nchw16c }, outputs: [.nchw16c])
  }
}

private final class VariadicKernel: Kernel {
  let code: zs_binary
  let type: ElementType
  let steps: [Broadcast]
  let count: Int
  let scale: Float?
  let inPlaceInputs: [Int]
  let outputLayouts: [Layout]?
  let kernels: VectorKernels

  init(
    _ code: zs_binary, type: ElementType, steps: [Broadcast], count: Int, layout: Layout, scale: Float?, inPlace: [Int],
    kernels: VectorKernels
  ) {
    self.code = code
    self.type = type
    self.steps = steps
    self.count = count
    self.scale = scale
    inPlaceInputs = inPlace
    outputLayouts = [layout]
    self.kernels = kernels
  }

  func run(_ call: Call) throws {
    guard count > 0, let first = call.input(0).data, let y = call.output(0).data else { return }
    let size = try type.elementByteCount
    if steps.isEmpty, first != y { y.copyMemory(from: first, byteCount: count * size) }
    for (index, step) in steps.enumerated() {
      let a = index == 0 ? first : y
      guard let b = call.input(index + 1).data else { return }
      let (raw, code, type) = (kernels.raw, code.code, type)
      if type == .float32 {
        let (x, operand) = (a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self))
        let (rowSteps, result) = (step.rowSteps, y.assumingMemoryBound(to: Float.self))
        step.forEachBlock(call.executor) { place, offsets, rows, count in
          raw.binary_rows(
            code, x + offsets[0], rowSteps[0], step.steps[0], operand + offsets[1], rowSteps[1], step.steps[1],
            result + place, rows, count)
        }
      } else {
        step.forEach(call.executor) { place, offsets, count in
          _ = zs_typed_binary(
            type.rawValue, code, a + offsets[0] * size, step.steps[0], b + offsets[1] * size, step.steps[1],
            y + place * size, count)
        }
      }
    }
    guard let scale else { return }
    if type == .float32 {
      let y = y.assumingMemoryBound(to: Float.self)
      kernels.raw.affine(y, y, count, scale, 0)
    } else {
      var factor = 1 / Double(steps.count + 1)
      guard type == .float64 else { throw unsupported(type) }
      _ = zs_typed_binary(type.rawValue, ZS_MUL.code, y, 1, &factor, 0, y, count)
    }
  }
}
