import CStandardKernels
import PluginSupport
import ZooPlugin

/// Products of matrices of 8-bit integers with zero points, as NumPy's matmul stacks them. Sums are exact: blocks of 256
/// products of less than 2^16 are whole numbers that float32 holds, and the blocks are added as int32.
struct IntegerProduct: Sendable {
  /// Behind the result's stack.
  let rows, columns, depth: Int
  let shape: [Int]
  private let aStack, bStack, stack: [Int]

  private static let block = 256

  init(_ a: TensorView, _ b: TensorView) throws {
    guard a.rank > 0, b.rank > 0 else { throw OperatorError("scalars are no matrices") }
    for tensor in [a, b] where tensor.type != .int8 && tensor.type != .uint8 { throw unsupported(tensor.type) }
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    let right = b.rank == 1 ? b.shape + [1] : b.shape
    guard left[left.count - 1] == right[right.count - 2] else {
      throw OperatorError("a tensor of shape \(a.shape) can't be multiplied by one of shape \(b.shape)")
    }
    (aStack, bStack) = (left.dropLast(2), right.dropLast(2))
    stack = try broadcastShape([aStack, bStack])
    (rows, columns, depth) = (left[left.count - 2], right[right.count - 1], left[left.count - 1])
    shape = stack + (a.rank == 1 ? [] : [rows]) + (b.rank == 1 ? [] : [columns])
    _ = try elementCount(shape)
  }

  /// Calls `body` with the sums of each matrix of the result, the number of which it gets too.
  ///
  /// - Parameters:
  ///   - aZero: zero points of A: one, or one for each row of all its matrices.
  ///   - bZero: zero points of B: one, or one for each column of all its matrices.
  func run(
    _ a: TensorView, _ b: TensorView, aZero: TensorView?, bZero: TensorView?, kernels: VectorKernels,
    executor: Executor, _ body: (_ matrix: Int, _ sums: UnsafeMutablePointer<Int32>) throws -> Void
  ) throws {
    let (left, right) = (try a.floats(), try b.floats())
    try subtract(aZero, from: left, byColumn: false)
    try subtract(bZero, from: right, byColumn: true)
    guard rows > 0, columns > 0, !stack.contains(0) else { return }
    let panels = (columns + kernels.raw.panel_columns - 1) / kernels.raw.panel_columns
    let packed = try a.host.scratch(panels * kernels.raw.panel_columns * Self.block, of: Float.self)
    let partial = try a.host.scratch(rows * columns, of: Float.self)
    let sums = try a.host.scratch(rows * columns, of: Int32.self)
    let pairs = MatrixPairs(aStack, bStack, stack: stack)
    for matrix in 0..<pairs.count {
      sums.withPointer { $0.update(repeating: 0, count: rows * columns) }
      for first in stride(from: 0, to: depth, by: Self.block) {
        let length = min(Self.block, depth - first)
        packed.withPointer { packed in
          partial.withPointer { partial in
            right.withPointer { right in
              let start = right + (pairs[matrix].b * depth + first) * columns
              kernels.raw.pack(start, columns, 1, length, columns, 1, 0, panels, packed)
            }
            left.withPointer { left in
              var g = zs_gemm()
              g.a = UnsafePointer(left + pairs[matrix].a * rows * depth + first)
              g.a_stride = depth
              g.b = UnsafePointer(packed)
              g.c = partial
              g.c_stride = columns
              (g.rows, g.columns, g.depth) = (rows, columns, length)
              g.form = ZS_NUMBERS.code
              g.activation = ZS_IDENTITY.code
              multiply(g, kernels: kernels, executor: executor)
            }
            sums.withPointer { sums in for index in 0..<rows * columns { sums[index] &+= Int32(partial[index]) } }
          }
        }
      }
      try sums.withPointer { try body(matrix, $0) }
    }
  }

  /// Subtracts the zero point of all, or of each row or column.
  private func subtract(_ zero: TensorView?, from values: Scratch<Float>, byColumn: Bool) throws {
    guard let zero else { return }
    let points = try zero.floats()
    if points.count == 1 {
      if points[0] != 0 { for index in values.indices { values[index] -= points[0] } }
      return
    }
    if byColumn {
      // One a column: of one row for all, or of a row for each matrix of B.
      guard columns > 0, points.count == columns || points.count * depth == values.count else {
        throw OperatorError("\(points.count) zero points for \(columns) columns")
      }
      for index in values.indices {
        let (matrix, column) = (index / (depth * columns), index % columns)
        values[index] -= points[points.count == columns ? column : matrix * columns + column]
      }
    } else {
      guard points.count * depth == values.count || points.count == rows else {
        throw OperatorError("\(points.count) zero points for \(rows) rows")
      }
      for index in values.indices { values[index] -= points[index / depth % points.count] }
    }
  }
}
