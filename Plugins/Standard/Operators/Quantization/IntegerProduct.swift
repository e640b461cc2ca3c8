import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Products of matrices of 8-bit integers with zero points, as NumPy's matmul stacks them. Sums are exact.
struct IntegerProduct: Sendable {
  /// Where the operands are among a node's inputs.
  struct Places: Sendable {
    var a, aZero, b, bZero: Int
  }

  /// Behind the result's stack. Where B is one matrix for all of A, A's rows follow each other in one product.
  let rows, columns, depth: Int
  let pairs: MatrixPairs
  let aIsSigned: Bool
  private let places: Places
  private let aMatrices: Int
  private let source: PackedBytes.Source
  /// B, if it is constant.
  let packed: PackedBytes?
  private let host: ZooHost

  /// - Parameters:
  ///   - transposesB: whether the rows of its matrices are columns.
  ///   - packed: of a kernel for other shapes, which is taken if B is the same.
  init(
    _ node: Node, _ places: Places, transposesB: Bool = false, packed: PackedBytes?, host: ZooHost, executor: Executor
  ) throws {
    let (a, b) = (try node.input(places.a), try node.input(places.b))
    guard a.rank > 0, b.rank > 0 else { throw OperatorError("scalars are no matrices") }
    for tensor in [a, b] where tensor.type != .int8 && tensor.type != .uint8 { throw unsupported(tensor.type) }
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    var right = b.rank == 1 ? b.shape + [1] : b.shape
    if transposesB { right.swapAt(right.count - 2, right.count - 1) }
    guard left[left.count - 1] == right[right.count - 2] else {
      throw OperatorError("a tensor of shape \(a.shape) can't be multiplied by one of shape \(b.shape)")
    }
    let (aStack, bStack) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    let stack = try broadcastShape([aStack, bStack])
    _ = try elementCount(stack + [left[left.count - 2], right[right.count - 1]])
    let (aCount, bCount) = (aStack.reduce(1, *), bStack.reduce(1, *))
    let isOne = bCount == 1 && stack.reduce(1, *) == aCount
    pairs = isOne ? .one : MatrixPairs(aStack, bStack, stack: stack)
    aMatrices = isOne ? 1 : aCount
    rows = left[left.count - 2] * (isOne ? aCount : 1)
    (columns, depth) = (right[right.count - 1], left[left.count - 1])
    aIsSigned = a.type == .int8
    (self.places, self.host) = (places, host)
    source =
      transposesB
      ? PackedBytes.Source(
        matrices: bCount, taps: 1, depth: depth, columns: columns, strides: (depth * columns, 0, 1, depth))
      : PackedBytes.Source(matrices: bCount, depth: depth, columns: columns)
    self.packed = try .constant(node, places.b, as: source, reusing: packed, host: host, executor: executor)
  }

  var isEmpty: Bool { rows == 0 || columns == 0 || pairs.count == 0 }
  private var rowByteCount: Int { 4 * quads(of: depth) }
  private var allRows: Int { aMatrices * rows }
  private var aByteCount: Int { (allRows * rowByteCount + 63) / 64 * 64 }
  private var zerosByteCount: Int { (allRows * 4 + 63) / 64 * 64 }

  /// Scratch memory for A and its zero points, and for B where it changes.
  var workspaceByteCount: Int {
    get throws { aByteCount + zerosByteCount + (packed == nil ? try PackedBytes.byteCount(source, host) : 0) }
  }

  /// The sums of all matrices, one after the other.
  ///
  /// - Parameters:
  ///   - workspaceOffset: where in the call's workspace scratch memory begins.
  ///   - finish: called on any worker with parts of them that are done.
  func run(
    _ call: Call, workspaceOffset: Int, into sums: UnsafeMutablePointer<Int32>,
    finish: (_ matrix: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void = { _, _, _ in }
  ) throws {
    guard !isEmpty, let workspace = call.workspace.map({ $0 + workspaceOffset }) else { return }
    let kernels = host.kernels.raw
    let zeros = (workspace + aByteCount).assumingMemoryBound(to: Int32.self)
    try takeRows(call, to: workspace, zeros: zeros)
    let b =
      try packed
      ?? .packing(
        call.input(places.b), as: source, host: host, at: workspace + aByteCount + zerosByteCount,
        executor: call.executor)
    let columnZeros = try b.columnZeros(call.optionalInput(places.bZero)?.integersOfBytes())
    let tiles = ProductTiles(
      rows: rows, columns: columns, depth: depth, panelColumns: kernels.panel_columns, unit: kernels.bytes.tile_rows,
      workers: call.executor.workerCount)
    for matrix in 0..<pairs.count {
      let pair = pairs[matrix]
      var product = zs_integers()
      product.a = UnsafeRawPointer(workspace + pair.a * rows * rowByteCount)
      product.row_zeros = UnsafePointer(zeros + pair.a * rows)
      product.row_zero_step = 1
      product.c = sums + matrix * rows * columns
      product.c_stride = columns
      b.set(&product, matrix: pair.b, zeros: columnZeros)
      let g = product
      withExtendedLifetime((b, columnZeros)) {
        tiles.forEach(on: call.executor) { rows, panels in
          withUnsafePointer(to: g) {
            kernels.bytes.integers($0, rows.lowerBound, rows.upperBound, panels.lowerBound, panels.upperBound)
          }
          let width = kernels.panel_columns
          finish(matrix, rows, panels.lowerBound * width..<min(columns, panels.upperBound * width))
        }
      }
    }
  }

  /// The rows of A as the product takes them; with one zero point for all, one for each, or one for each of a matrix.
  private func takeRows(
    _ call: Call, to target: UnsafeMutableRawPointer, zeros: UnsafeMutablePointer<Int32>
  ) throws {
    let kernels = host.kernels.raw
    let bytes = call.input(places.a).pointer(as: UInt8.self)
    let points = try call.optionalInput(places.aZero)?.integersOfBytes()
    let count = points?.count ?? 1
    guard count > 0, count == 1 || allRows % count == 0 && (count == allRows || count == matrixRows(call)) else {
      throw OperatorError("\(count) zero points for \(matrixRows(call)) rows")
    }
    call.executor.parallelRanges(allRows, grain: max(1, 16384 / max(depth, 1))) { range in
      for row in range {
        zeros[row] = kernels.row_integers(
          bytes + row * depth, depth, aIsSigned ? 1 : 0, points?[row % count] ?? 0, target + row * rowByteCount)
      }
    }
  }

  /// Rows of one matrix of A.
  private func matrixRows(_ call: Call) -> Int {
    let a = call.input(places.a)
    return a.rank == 1 ? 1 : a[dimension: a.rank - 2]
  }
}
