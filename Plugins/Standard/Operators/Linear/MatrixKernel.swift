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

  private var panelCount: Int { (plan.columns + host.kernels.raw.panel_columns - 1) / host.kernels.raw.panel_columns }
  private var packedCount: Int { packed == nil ? panelCount * host.kernels.raw.panel_columns * plan.depth : 0 }
  private var transposedCount: Int { plan.transposeA ? plan.rows * plan.depth : 0 }

  private var rounding: RowRounding? {
    packed.flatMap { RowRounding($0, rows: plan.rows, depth: plan.depth, range: plan.range, host: host) }
  }

  var workspaceByteCount: Int { (packedCount + transposedCount) * 4 + (rounding?.byteCount ?? 0) }

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
