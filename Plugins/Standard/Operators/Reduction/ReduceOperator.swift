import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// The Reduce family: a reduction over some axes and, for means, norms and logarithms, a step after it.
struct ReduceOperator: Sendable {
  enum Last: Sendable { case nothing, mean, squareRoot, logarithm }
  let name: String
  let code: zs_reduction
  var last = Last.nothing

  func make(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator(name) { node in
      let fixed = try node.attributes.ints("axes")
      let keepsDimensions = try node.attributes.int("keepdims") ?? 1 != 0
      let keepsWithoutAxes = try node.attributes.int("noop_with_empty_axes") ?? 0 != 0
      @Sendable func axes(_ inputs: Inputs) throws -> [Int] {
        let rank = try inputs[0].rank
        let given = try fixed ?? (inputs.optional(1) == nil ? [] : inputs.ints(1))
        let axes = try normalized(axes: given, rank: rank)
        return axes.isEmpty && !keepsWithoutAxes ? Array(0..<rank) : axes.sorted()
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let axes = try axes(inputs)
          return [
            try inputs[0].shape.enumerated().compactMap { index, extent in
              axes.contains(index) ? (keepsDimensions ? 1 : nil) : extent
            }
          ]
        },
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          try reduce(try inputs[0], try axes(inputs), outputs, kernels)
        })
    }
  }

  private func reduce(_ x: TensorView, _ axes: [Int], _ outputs: Outputs, _ kernels: VectorKernels) throws {
    guard zs_typed_reduce(x.type.rawValue, code.code, nil, 0, 0, 0, nil) == 1, let target = outputs.data(0) else {
      throw unsupported(x.type)
    }
    let size = try x.elementByteCount
    let kept = x.shape.indices.filter { !axes.contains($0) }
    let length = axes.reduce(1) { $0 * x.shape[$1] }
    let count = outputs.shape(0).reduce(1, *)
    var source = UnsafeRawPointer(x.pointer(as: UInt8.self))
    var outer = count
    var inner = 1
    var scratch: HostMemory?
    // Dimensions of extent 1 may lie anywhere.
    let wide = axes.filter { x.shape[$0] != 1 }
    if let first = wide.first, let last = wide.last,
      (first...last).allSatisfy({ axes.contains($0) || x.shape[$0] == 1 })
    {
      outer = x.shape[..<first].reduce(1, *)
      inner = x.shape[(last + 1)...].reduce(1, *)
    } else if !wide.isEmpty, length > 0 {
      // The reduced axes come last, so that every result is a row.
      let memory = try x.host.allocate(x.count * size)
      scratch = memory
      let order = kept + axes
      let strides = rowMajorStrides(x.shape)
      copyStrided(
        source, to: memory.address, shape: order.map { x.shape[$0] }, strides: order.map { strides[$0] },
        elementByteCount: size, executor: outputs.executor)
      source = UnsafeRawPointer(memory.address)
    }
    withExtendedLifetime(scratch) {
      run(type: x.type, source, target, outer, length, inner, size, kernels, outputs.executor)
    }
    try finish(type: x.type, target, count, length, kernels, outputs)
  }

  private func run(
    type: ElementType, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ outer: Int, _ length: Int,
    _ inner: Int, _ size: Int, _ kernels: VectorKernels, _ executor: Executor
  ) {
    let code = code.code
    let isVector = type == .float32 && (inner == 1 || code != ZS_LOG_SUM_EXP.code) && length > 0
    // Where rows are few, workers take parts of each.
    let isWide = isVector && inner > 1 && outer < 4 * executor.workerCount
    let parts = isWide ? min((inner + 63) / 64, 4 * executor.workerCount) : 1
    executor.parallelRanges(outer * parts, grain: max(1, 16384 * parts / max(1, length * inner))) { range in
      guard isVector else {
        zs_typed_reduce(
          type.rawValue, code, source + range.lowerBound * length * inner * size, range.count, length, inner,
          target + range.lowerBound * inner * size)
        return
      }
      let (x, y) = (source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
      if inner == 1 {
        kernels.raw.reduce_each(
          code, x + range.lowerBound * length, range.count, length, y + range.lowerBound)
        return
      }
      for task in range {
        let (row, part) = task.quotientAndRemainder(dividingBy: parts)
        // Parts begin at whole lines of the cache.
        let first = inner / 16 * part / parts * 16
        let end = part + 1 == parts ? inner : inner / 16 * (part + 1) / parts * 16
        kernels.raw.reduce_rows(
          code, x + row * length * inner + first, length, inner, y + row * inner + first, end - first)
      }
    }
  }

  private func finish(
    type: ElementType, _ y: UnsafeMutableRawPointer, _ count: Int, _ length: Int, _ kernels: VectorKernels,
    _ outputs: Outputs
  ) throws {
    switch last {
    case .nothing: return
    case .mean:
      var divisor = Double(length)
      var converted: UInt64 = 0
      zs_cast(ElementType.float64.rawValue, type.rawValue, &divisor, &converted, 1, 1)
      zs_typed_binary(type.rawValue, ZS_DIV.code, y, 1, &converted, 0, y, count)
    case .squareRoot, .logarithm:
      let function = last == .squareRoot ? ZS_SQRT : ZS_LOG
      if type.isFloat {
        let function = Activation(code: function.code)
        return try apply(function, type: type, y, y, count, kernels: kernels, executor: outputs.executor)
      }
      let sums = try outputs.call.host.scratch(count, of: Double.self)
      sums.withPointer { _ = zs_cast(type.rawValue, ElementType.float64.rawValue, y, $0, count, 1) }
      sums.withPointer { _ = zs_typed_unary(ElementType.float64.rawValue, function.code, $0, $0, count, 0, 0) }
      try store(sums, to: y, as: type)
    }
  }
}
