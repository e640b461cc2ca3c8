import CStandardKernels
import PluginSupport
import ZooPlugin

/// float32 products of one or many pairs of matrices.
final class MatrixKernel: Kernel {
  struct Plan: Sendable {
    var rows, columns, depth: Int
    /// A is stored with its columns along the rows.
    var transposeA = false
    /// By product, in order of the result: which matrix of A and which of B.
    var batches: [(a: Int, b: Int)]
    /// Strides of B in elements.
    var bRow, bColumn: Int
    var scale: Float = 1
    var epilogue: ProductEpilogue
  }

  let plan: Plan
  let packed: PackedMatrix?
  let host: Host
  let adapt: @Sendable (Node, PackedMatrix) throws -> MatrixKernel?

  /// - Parameter packed: the one right-hand matrix of all products, if it is constant.
  init(
    _ plan: Plan, packed: PackedMatrix?, host: Host,
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
      + (packed?.isPaired == true ? " in bfloat16" : "")
      + (plan.epilogue.addends.isEmpty && plan.epilogue.activation == .identity ? "" : ", fused")
  }

  private var panelCount: Int { (plan.columns + host.kernels.raw.panel_columns - 1) / host.kernels.raw.panel_columns }
  private var packedCount: Int { packed == nil ? panelCount * host.kernels.raw.panel_columns * plan.depth : 0 }
  private var transposedCount: Int { plan.transposeA ? plan.rows * plan.depth : 0 }

  /// The left-hand matrix in pairs of bfloat16.
  private var pairCount: Int { packed?.isPaired == true ? plan.rows * ((plan.depth + 1) / 2) : 0 }

  var workspaceByteCount: Int { (packedCount + transposedCount + pairCount) * 4 }

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
    g.activation = plan.epilogue.activation.code
    g.activation_a = plan.epilogue.activation.a
    g.activation_b = plan.epilogue.activation.b
    let a = call.input(0).pointer(as: Float.self)
    let scratch = call.workspace?.assumingMemoryBound(to: Float.self)
    for (index, batch) in plan.batches.enumerated() {
      g.a = UnsafePointer(a + batch.a * plan.rows * plan.depth)
      if plan.transposeA, let scratch {
        copyStrided(
          a, to: scratch + packedCount, shape: [plan.rows, plan.depth], strides: [1, plan.rows], elementByteCount: 4,
          executor: call.executor)
        g.a = UnsafePointer(scratch + packedCount)
      }
      if let packed {
        g.b = packed.values
        if packed.isPaired, let scratch {
          pair(&g, to: scratch + packedCount + transposedCount, steps: packed.steps, executor: call.executor)
        }
      } else if let scratch {
        if index == 0 || batch.b != plan.batches[index - 1].b {
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
      setAddends(&g, call, product: index)
      multiply(g, kernels: kernels, executor: call.executor)
    }
  }

  /// Rounds the rows of A to bfloat16.
  private func pair(_ g: inout zs_gemm, to target: UnsafeMutablePointer<Float>, steps: Int, executor: Executor) {
    let kernels = host.kernels
    let (source, stride, depth) = (g.a.unsafelyUnwrapped, plan.depth, plan.depth)
    executor.parallelRanges(plan.rows, grain: max(1, 16384 / max(depth, 1))) { range in
      for row in range { kernels.raw.row_pairs(source + row * stride, target + row * steps, depth) }
    }
    g.a = UnsafePointer(target)
    g.a_stride = steps
    g.depth = steps
    g.pairs = 1
  }

  private func setAddends(_ g: inout zs_gemm, _ call: Call, product: Int) {
    let addends = plan.epilogue.addends.map { addend in
      // An operand of the result's whole shape goes along with the products; others repeat.
      zs_addend(
        values: UnsafePointer(call.input(addend.input).pointer(as: Float.self) + product * plan.rows * addend.row),
        row: addend.row, column: addend.column, scale: addend.scale)
    }
    if addends.count > 0 { g.addends.0 = addends[0] }
    if addends.count > 1 { g.addends.1 = addends[1] }
    g.addend_count = Int32(addends.count)
  }
}
