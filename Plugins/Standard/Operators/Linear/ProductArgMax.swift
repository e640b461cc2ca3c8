import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ArgMax of a Gemm's rows, which ModelZoo makes of the two where rows are few and columns many: (rows, depth) · W + C
  /// → (rows), int64, with a constant W of (depth, columns), or the other way round with `transB`, and a constant C of
  /// (columns).
  ///
  /// The product is computed with W rounded to 8 bits, a quarter of the memory to read. By Cauchy and Schwarz an element
  /// is off by at most ‖a - a'‖·‖w'‖ + ‖a‖·‖w - w'‖, the rounded ones with a prime, so only a few columns can be the
  /// largest; those are multiplied as they are.
  static func productArgMax(_ host: ZooHost) -> any Operator { ProductArgMax(host: host) }
}

private struct ProductArgMax: Operator {
  let signature = Signature("ProductArgMax", domain: "zoo", since: 1)
  let host: ZooHost

  private func sizes(_ node: Node) throws -> (rows: Int, depth: Int, columns: Int, isTransposed: Bool) {
    let (a, b) = (try node.input(0), try node.input(1))
    let isTransposed = try node.attributes.int("transB") ?? 0 != 0
    guard a.type == .float32, b.type == .float32, a.rank == 2, b.rank == 2,
      a[dimension: 1] == b[dimension: isTransposed ? 1 : 0]
    else { throw OperatorError("\(a.shape) and \(b.shape) are no float32 matrices that can be multiplied") }
    let columns = b[dimension: isTransposed ? 0 : 1]
    guard columns > 0 else { throw OperatorError("no column is the largest of none") }
    if let addend = node.optionalInput(2), addend.type != .float32 || addend.shape != [columns] {
      throw OperatorError("C has the shape \(addend.shape), not [\(columns)]")
    }
    return (a[dimension: 0], a[dimension: 1], columns, isTransposed)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let sizes = try sizes(node)
    guard let constant = node.constant(1) else { throw OperatorError("W is not constant", kind: .unsupported) }
    let matrix = try PackedMatrix(
      constant, isTransposed: sizes.isTransposed, depth: sizes.depth, columns: sizes.columns, scale: 1, form: .int8,
      host: host, executor: executor)
    return ProductArgMaxKernel(
      rows: sizes.rows, isTransposed: sizes.isTransposed, hasAddend: node.optionalInput(2) != nil, matrix: matrix,
      errors: try RoundingErrors(
        matrix, of: constant, isTransposed: sizes.isTransposed, host: host, executor: executor),
      host: host)
  }
}

/// For each column of a matrix, the norms of what it was rounded to, and of what it lost.
private final class RoundingErrors: Sendable {
  private let memory: HostMemory
  private let paddedColumns: Int

  init(_ matrix: PackedMatrix, of constant: Constant, isTransposed: Bool, host: ZooHost, executor: Executor) throws {
    let kernels = host.kernels.raw
    let (columns, depth) = (matrix.columns, matrix.depth)
    paddedColumns = matrix.paddedColumns
    memory = try host.allocate(2 * paddedColumns * MemoryLayout<Float>.size)
    // Nothing is known of columns that don't exist.
    norms.update(repeating: .infinity, count: 2 * paddedColumns)
    let (row, column) = isTransposed ? (1, depth) : (columns, 1)
    try constant.withElements(from: 0, count: columns * depth, as: Float.self) { source in
      executor.parallelRanges(columns, grain: max(1, 65536 / max(depth, 1))) { range in
        kernels.rounding_errors(
          source + range.lowerBound * column, row, column, depth, range.count, matrix.scales + range.lowerBound,
          norms + range.lowerBound, errors + range.lowerBound)
      }
    }
  }

  var norms: UnsafeMutablePointer<Float> { memory.address.assumingMemoryBound(to: Float.self) }
  var errors: UnsafeMutablePointer<Float> { norms + paddedColumns }
}

private final class ProductArgMaxKernel: Kernel {
  private let rows: Int
  private let isTransposed, hasAddend: Bool
  private let matrix: PackedMatrix
  private let errors: RoundingErrors
  private let host: ZooHost

  init(
    rows: Int, isTransposed: Bool, hasAddend: Bool, matrix: PackedMatrix, errors: RoundingErrors, host: ZooHost
  ) {
    self.rows = rows
    self.isTransposed = isTransposed
    self.hasAddend = hasAddend
    self.matrix = matrix
    self.errors = errors
    self.host = host
  }

  let summary: String? = "largest of a product, through int8"

  private var rounding: RowRounding? {
    RowRounding(matrix, rows: rows, depth: matrix.depth, range: nil, host: host)
  }

  /// Columns that a task looks through.
  private static let blockColumns = 2048
  private var blocks: Int { (matrix.columns + Self.blockColumns - 1) / Self.blockColumns }
  private var choicesByteCount: Int { rows * blocks * MemoryLayout<zs_choice>.stride }
  private var productByteCount: Int { rows * matrix.paddedColumns * MemoryLayout<Float>.size }

  var workspaceByteCount: Int { productByteCount + choicesByteCount + (rounding?.byteCount ?? 0) }

  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? {
    ProductArgMaxKernel(
      rows: try node.input(0)[dimension: 0], isTransposed: isTransposed, hasAddend: hasAddend,
      matrix: matrix, errors: errors, host: host)
  }

  func run(_ call: Call) throws {
    guard let result = call.output(0).data?.assumingMemoryBound(to: Int64.self), let scratch = call.workspace,
      let rounding
    else { return }
    let a = UnsafePointer(call.input(0).pointer(as: Float.self))
    let product = scratch.assumingMemoryBound(to: Float.self)
    var g = zs_gemm()
    g.a = a
    g.c = product
    g.c_stride = matrix.paddedColumns
    g.rows = rows
    g.columns = matrix.columns
    g.activation = ZS_IDENTITY.code
    rounding.round(
      &g, at: (scratch + productByteCount + choicesByteCount).assumingMemoryBound(to: Float.self),
      executor: call.executor)
    matrix.set(&g)
    let addend = hasAddend ? UnsafePointer(call.input(2).pointer(as: Float.self)) : nil
    if let addend {
      g.addends.0 = zs_addend(values: addend, row: 0, column: 1, scale: 1)
      g.addend_count = 1
    }
    multiply(g, kernels: host.kernels, executor: call.executor)
    let searches = (0..<rows).map { row in
      search(a + row * matrix.depth, scale: g.row_scales[row].scale, product + row * matrix.paddedColumns, addend, call)
    }
    choose(searches, at: (scratch + productByteCount).assumingMemoryBound(to: zs_choice.self), result, call.executor)
  }

  /// What is known of a row of the product.
  private func search(
    _ row: UnsafePointer<Float>, scale: Float, _ rounded: UnsafePointer<Float>, _ addend: UnsafePointer<Float>?,
    _ call: Call
  ) -> zs_largest {
    let depth = Float(matrix.depth)
    let norm = host.kernels.raw.reduce(ZS_SUM_SQUARE.code, row, matrix.depth).squareRoot()
    // A sum of float32 is off by up to so much of the norms' product.
    let slack = depth * 0x1p-22
    return zs_largest(
      rounded: rounded, norms: errors.norms, errors: errors.errors,
      left_error: 1.001 * 0.5 * scale * depth.squareRoot() + slack * norm, left_norm: (1.001 + slack) * norm, a: row,
      b: UnsafePointer(call.input(1).pointer(as: Float.self)), addend: addend, b_row: isTransposed ? 1 : matrix.columns,
      b_column: isTransposed ? matrix.depth : 1, depth: matrix.depth, columns: matrix.columns)
  }

  private func choose(
    _ searches: [zs_largest], at choices: UnsafeMutablePointer<zs_choice>, _ result: UnsafeMutablePointer<Int64>,
    _ executor: Executor
  ) {
    let (kernels, blocks, columns) = (host.kernels.raw, blocks, matrix.columns)
    func forEachBlock(_ body: (_ row: Int, _ columns: Range<Int>, _ place: Int) -> Void) {
      executor.parallelFor(rows * blocks) { place, _ in
        let first = place % blocks * Self.blockColumns
        body(place / blocks, first..<min(columns, first + Self.blockColumns), place)
      }
    }
    forEachBlock { row, columns, place in
      let bound = withUnsafePointer(to: searches[row]) {
        kernels.largest_bound($0, columns.lowerBound, columns.upperBound)
      }
      choices[place] = zs_choice(value: bound, column: 0)
    }
    let least = searches.indices.map { row in
      (row * blocks..<(row + 1) * blocks).reduce(-Float.infinity) { max($0, choices[$1].value) }
    }
    forEachBlock { row, columns, place in
      choices[place] = withUnsafePointer(to: searches[row]) {
        kernels.largest($0, columns.lowerBound, columns.upperBound, least[row])
      }
    }
    for row in searches.indices {
      var best = choices[row * blocks]
      for place in row * blocks..<(row + 1) * blocks where choices[place].value > best.value { best = choices[place] }
      result[row] = Int64(best.column)
    }
  }
}
