import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// An operator that applies one function to each element. It takes blocked tensors as they are where zeros stay zeros.
struct UnaryOperator: Operator {
  let function: UnaryFunction
  let host: ZooHost

  init(_ function: UnaryFunction, host: ZooHost) { (self.function, self.host) = (function, host) }

  var signature: Signature { Signature(function.name, since: function.since) }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try unaryKernel(try function.activation(node.attributes), node, kernels: host.kernels)
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let x = node.optionalInput(0), x.type == .float32, function.isOfFloats else { return false }
    return ElementwiseSteps.accept(step, in: node, shape: x.shape)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let input = try node.input(0)
    guard input.layout == .nchw16c, input.type == .float32 else { return nil }
    return try blockedChoice(node, keepsZero: function.activation(node.attributes).keepsZero)
  }
}

/// Blocks for input 0 of an elementwise operator, and for what steps behind it read; `nil` where what fills blocks up would
/// not remain zero.
func blockedChoice(_ node: Node, keepsZero: Bool) throws -> LayoutChoice? {
  let x = try node.input(0)
  let steps = try ElementwiseSteps(node, shape: x.shape)
  guard !steps.needPlain, steps.keepsZero(keepsZero) || x[dimension: 1] % 16 == 0 else { return nil }
  var inputs = Array(repeating: Layout.plain, count: node.inputCount)
  inputs[0] = .nchw16c
  steps.choose(.nchw16c, in: &inputs)
  return LayoutChoice(inputs: inputs, outputs: [.nchw16c])
}

/// A function of input 0, and the steps behind it.
func unaryKernel(_ function: Activation, _ node: Node, kernels: VectorKernels) throws -> any Kernel {
  let x = try node.input(0)
  guard x.type == .float32, function.isOfFloats else {
    return UnaryKernel(function, of: x, kernels: kernels)
  }
  let steps = try ElementwiseSteps(node, shape: x.shape)
  return ElementwiseKernel(steps, count: x.storedCount, layout: x.layout, inPlace: [0], kernels: kernels) {
    call, piece, y in
    guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self) else { return }
    kernels.raw.unary(function.code, x + piece.lowerBound, y, piece.count, function.a, function.b)
  }
}

/// A function of any type's elements.
private final class UnaryKernel: Kernel {
  let function: Activation
  let type: ElementType
  let count: Int
  let outputLayouts: [Layout]?
  let kernels: VectorKernels

  init(_ function: Activation, of input: TensorView, kernels: VectorKernels) {
    self.function = function
    type = input.type
    count = input.storedCount
    outputLayouts = [input.layout]
    self.kernels = kernels
  }

  var inPlaceInputs: [Int] { [0] }

  func run(_ call: Call) throws {
    guard let x = call.input(0).data, let y = call.output(0).data else { return }
    try apply(function, type: type, x, y, count, kernels: kernels, executor: call.executor)
  }
}

/// y = function(x) for `count` elements; x may be y.
func apply(
  _ function: Activation, type: ElementType, _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer, _ count: Int,
  kernels: VectorKernels, executor: Executor
) throws {
  if type == .float32, function.isOfFloats {
    let x = x.assumingMemoryBound(to: Float.self)
    let y = y.assumingMemoryBound(to: Float.self)
    executor.parallelRanges(count, grain: 16384) { range in
      kernels.raw.unary(
        function.code, x + range.lowerBound, y + range.lowerBound, range.count, function.a, function.b)
    }
    return
  }
  let size = try type.elementByteCount
  guard zs_typed_unary(type.rawValue, function.code, x, y, 0, 0, 0) == 1 else { throw unsupported(type) }
  executor.parallelRanges(count, grain: 4096) { range in
    _ = zs_typed_unary(
      type.rawValue, function.code, x + range.lowerBound * size, y + range.lowerBound * size, range.count,
      Double(function.a), Double(function.b))
  }
}
