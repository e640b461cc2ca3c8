import CStandardKernels
import PluginSupport
import ZooPlugin

/// Products of one or many pairs of float32 matrices. With a packed matrix in bfloat16 or int8, a run first rounds the
/// rows of the left-hand one: int8 to the range of each row, or to the calibrated one.
final class MatrixKernel: Kernel {
  struct Plan: Sendable {
    var rows, columns, depth: Int
    /// A is stored with its columns along the rows.
    var transposeA = false
    /// Which matrices are multiplied.
    var batches: MatrixPairs
    /// Strides of B in elements.
    var bRow, bColumn: Int
    var scale: Float = 1
    /// Of A's elements, from calibration.
    var range: ClosedRange<Float>?
    /// Who may take products of their own.
    var workers = 1
    var epilogue: ProductEpilogue
  }

  let plan: Plan
  let packed: PackedMatrix?
  let host: ZooHost
  let adapt: @Sendable (Node, PackedMatrix) throws -> MatrixKernel?

  /// - Parameter packed: the one right-hand matrix of all products, if it is constant.
  init(
    _ plan: Plan, packed: PackedMatrix?, host: ZooHost,
    adapt: @escaping @Sendable (Node, PackedMatrix) throws -> MatrixKernel?
  ) {
    self.plan = plan
    self.packed = packed
    self.host = host
    self.adapt = adapt
  }

  var consumedInputs: [Int] { packed == nil ? [] : [1] }

  var summary: String? {
    (packed == nil
      ? "matrix product, packed at each run" : plan.rows == 1 ? "vector times packed matrix" : "packed matrix product")
      + (packed.flatMap { Self.names[$0.form] } ?? "")
      + (plan.epilogue.isEmpty ? "" : ", fused")
  }

  private static let names: [PackedMatrix.Form: String] = [
    .bfloat16: " in bfloat16", .int8: " in int8", .narrowFloat16: " of float16", .narrowBFloat16: " of bfloat16",
  ]

  /// A product with a vector goes through the other matrix as it lies.
  private var hasVector: Bool {
    packed == nil && plan.epilogue.isEmpty && !plan.transposeA
      && (plan.columns == 1 && plan.bRow == 1 || plan.rows == 1 && plan.bColumn == 1 && plan.scale == 1)
  }

  /// Small products are each one worker's.
  private var areMany: Bool {
    packed == nil && !plan.transposeA && plan.batches.count > 1 && plan.rows > 0 && packedCount <= 1 << 17
      && saturatingProduct([plan.rows, plan.columns, plan.depth]) <= 1 << 18
  }

  private var panelCount: Int { (plan.columns + host.kernels.raw.panel_columns - 1) / host.kernels.raw.panel_columns }
  private var packedCount: Int {
    packed == nil && !hasVector ? panelCount * host.kernels.raw.panel_columns * plan.depth : 0
  }
  private var transposedCount: Int { plan.transposeA ? plan.rows * plan.depth : 0 }

  private var rounding: RowRounding? {
    packed.flatMap { RowRounding($0, rows: plan.rows, depth: plan.depth, range: plan.range, host: host) }
  }

  var workspaceByteCount: Int {
    ((areMany ? plan.workers : 1) * packedCount + transposedCount) * 4 + (rounding?.byteCount ?? 0)
  }

  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? {
    try packed.flatMap { try adapt(node, $0) }
  }

  func run(_ call: Call) throws {
    guard let y = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
    let kernels = host.kernels
    var g = zs_gemm()
    g.a_stride = plan.depth
    g.c_stride = plan.columns
    g.rows = plan.rows
    g.columns = plan.columns
    g.depth = plan.depth
    let a = call.input(0).pointer(as: Float.self)
    let scratch = call.workspace?.assumingMemoryBound(to: Float.self)
    guard plan.rows > 0, plan.columns > 0 else { return }
    if hasVector { return runVectors(a, call.input(1).pointer(as: Float.self), y, on: call.executor) }
    if areMany { return runMany(g, a, y, call) }
    var packedMatrix: Int?
    for index in 0..<plan.batches.count {
      let batch = plan.batches[index]
      g.a = UnsafePointer(a + batch.a * plan.rows * plan.depth)
      if plan.transposeA, let scratch {
        copyStrided(
          a, to: scratch + packedCount, shape: [plan.rows, plan.depth], strides: [1, plan.rows], elementByteCount: 4,
          executor: call.executor)
        g.a = UnsafePointer(scratch + packedCount)
      }
      if let packed {
        if let rounding, let scratch {
          rounding.round(&g, at: scratch + packedCount + transposedCount, executor: call.executor)
        }
        packed.set(&g)
      } else if let scratch {
        if packedMatrix != batch.b {
          packedMatrix = batch.b
          let b = UnsafePointer(call.input(1).pointer(as: Float.self) + batch.b * plan.depth * plan.columns)
          call.executor.parallelRanges(panelCount, grain: max(1, 2048 / max(plan.depth, 1))) { range in
            kernels.raw.pack(
              b, plan.bRow, plan.bColumn, plan.depth, plan.columns, plan.scale, range.lowerBound, range.upperBound,
              scratch)
          }
        }
        g.b = UnsafePointer(scratch)
      }
      g.c = y + index * plan.rows * plan.columns
      plan.epilogue.set(&g, call, product: index)
      multiply(g, kernels: kernels, executor: call.executor)
    }
  }
}

extension MatrixKernel {
  /// Products with a column, or of a row.
  private func runVectors(
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    on executor: Executor
  ) {
    let (plan, raw) = (plan, host.kernels.raw)
    let length = plan.rows * plan.columns
    executor.parallelRanges(plan.batches.count * length, grain: max(1, 32768 / max(plan.depth, 1))) { range in
      var place = range.lowerBound
      while place < range.upperBound {
        let (index, first) = place.quotientAndRemainder(dividingBy: length)
        let count = min(length - first, range.upperBound - place)
        let batch = plan.batches[index]
        let (left, right) = (a + batch.a * plan.rows * plan.depth, b + batch.b * plan.depth * plan.columns)
        if plan.columns == 1 {
          raw.dots(right, left + first * plan.depth, plan.depth, count, plan.depth, plan.scale, y + place)
        } else {
          raw.weighted_sum(left, right + first, plan.bRow, plan.depth, count, y + place)
        }
        place += count
      }
    }
  }

  /// Products that workers share out, each with a packed matrix of its own.
  private func runMany(
    _ common: zs_gemm, _ a: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ call: Call
  ) {
    let (plan, kernels) = (plan, host.kernels)
    guard let scratch = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    let b = call.input(1).pointer(as: Float.self)
    let count = plan.batches.count
    let pieces = min(count, plan.workers * 4)
    let steps = saturatingProduct([count, plan.rows, plan.columns, plan.depth]) / 16
    call.executor.parallelFor(pieces, steps: steps) { piece, worker in
      var g = common
      let own = scratch + worker * packedCount
      g.b = UnsafePointer(own)
      var packedMatrix: Int?
      for index in count * piece / pieces..<count * (piece + 1) / pieces {
        let batch = plan.batches[index]
        if packedMatrix != batch.b {
          packedMatrix = batch.b
          kernels.raw.pack(
            b + batch.b * plan.depth * plan.columns, plan.bRow, plan.bColumn, plan.depth, plan.columns, plan.scale, 0,
            panelCount, own)
        }
        g.a = UnsafePointer(a + batch.a * plan.rows * plan.depth)
        g.c = y + index * plan.rows * plan.columns
        plan.epilogue.set(&g, call, product: index)
        kernels.multiply(&g, rows: 0..<plan.rows, panels: 0..<panelCount)
      }
    }
  }
}

/// Which matrices of two stacks a product takes, by its number: stacks broadcast as NumPy has it.
struct MatrixPairs: Sendable {
  private let a, b: RowOffsets
  let count: Int

  /// One product of one matrix each.
  static let one = MatrixPairs([], [], stack: [])

  /// - Parameter stack: what both broadcast to.
  init(_ aStack: [Int], _ bStack: [Int], stack: [Int]) {
    func offsets(_ own: [Int]) -> RowOffsets {
      let padded = [Int](repeating: 1, count: stack.count - own.count) + own
      let strides = zip(padded, rowMajorStrides(padded)).map { $0 == 1 ? 0 : $1 }
      return RowOffsets(stack + [1], strides: strides + [0])
    }
    (a, b, count) = (offsets(aStack), offsets(bStack), stack.reduce(1, *))
  }

  subscript(_ index: Int) -> (a: Int, b: Int) { (a[index], b[index]) }
}
