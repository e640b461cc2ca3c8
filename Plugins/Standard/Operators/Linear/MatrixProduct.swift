import CStandardKernels
import PluginSupport
import ZooPlugin

/// What a matrix product does to its result before it writes it: up to two sums and one activation.
struct ProductEpilogue: Sendable {
  struct Addend: Sendable {
    var input: Int
    /// How the operand's index moves with a row and a column of the result.
    var row, column: Int
    var scale: Float = 1
  }
  var addends: [Addend] = []
  var activation = Activation.identity

  /// Whether the steps that the host folds, `own` addends being there already, can be served for a result of `shape`.
  init(own: [Addend], steps: [Step], node: Node, shape: [Int]) throws {
    addends = own
    for step in steps {
      guard activation == .identity else { throw Self.refusal }
      if let function = Activation(step, in: node) {
        activation = function
        continue
      }
      guard step.operatorType == "Add", step.operands.count == 2, addends.count < 2,
        let operand = step.operands.compactMap({ $0 }).first, step.operands.contains(nil),
        let tensor = node.optionalInput(operand), tensor.type == .float32, tensor.layout == .plain
      else { throw Self.refusal }
      addends.append(try Self.addend(operand, tensor.shape, result: shape))
    }
  }

  /// An operand that broadcasts over the last two dimensions of the result, or has its whole shape.
  static func addend(_ input: Int, _ shape: [Int], result: [Int], scale: Float = 1) throws -> Addend {
    let columns = result.last ?? 1
    if shape == result { return Addend(input: input, row: columns, column: 1, scale: scale) }
    guard shape.count <= result.count, shape.dropLast(2).allSatisfy({ $0 == 1 }) else { throw refusal }
    let rows = shape.count > 1 ? shape[shape.count - 2] : 1
    let width = shape.last ?? 1
    let resultRows = result.count > 1 ? result[result.count - 2] : 1
    // Over a batch, rows of the operand repeat; only an operand of one row does so by itself.
    guard width == 1 || width == columns, rows == 1 || (rows == resultRows && result.dropLast(2).allSatisfy { $0 == 1 })
    else { throw refusal }
    return Addend(input: input, row: rows == 1 ? 0 : width, column: width == 1 ? 0 : 1, scale: scale)
  }

  static let refusal = OperatorError("the step can't be folded into a matrix product", kind: .unsupported)
}

/// A right-hand matrix in panels. Kernels of other shapes share it.
final class PackedMatrix: Sendable {
  let memory: HostMemory
  let columns, depth, panels: Int
  /// Whether it holds pairs of bfloat16, two depths each.
  let isPaired: Bool

  /// - Parameter isTransposed: whether `b` is stored as (columns, depth).
  init(
    _ b: Constant, isTransposed: Bool, depth: Int, columns: Int, scale: Float, isPaired: Bool, host: Host,
    executor: Executor
  ) throws {
    let width = host.kernels.raw.panel_columns
    panels = (columns + width - 1) / width
    memory = try host.allocate(panels * width * (isPaired ? (depth + 1) / 2 : depth) * 4)
    self.columns = columns
    self.depth = depth
    self.isPaired = isPaired
    if isTransposed {
      try packRows(b, scale, host.kernels, executor)
    } else {
      try packColumns(b, scale, host.kernels, executor)
    }
  }

  /// Numbers, or pairs, along a column.
  var steps: Int { isPaired ? (depth + 1) / 2 : depth }

  /// Elements that are read at once: enough for the host to decode them fast, little beside the weights of a model.
  private static let pieceCount = 256 << 10

  /// Panels are stored rows that follow each other.
  private func packRows(_ b: Constant, _ scale: Float, _ kernels: VectorKernels, _ executor: Executor) throws {
    let width = kernels.raw.panel_columns
    let pack = isPaired ? kernels.raw.pack_pairs! : kernels.raw.pack!
    let step = max(1, Self.pieceCount / max(width * depth, 1))
    try executor.parallelTry((panels + step - 1) / step) { piece in
      let first = piece * step
      let rows = min(columns - first * width, step * width)
      try b.withElements(from: first * width * depth, count: rows * depth, as: Float.self) { source in
        pack(
          source, 1, depth, depth, rows, scale, 0, (rows + width - 1) / width, target + first * width * steps)
      }
    }
  }

  /// Every stored row has a part of each panel.
  private func packColumns(_ b: Constant, _ scale: Float, _ kernels: VectorKernels, _ executor: Executor) throws {
    let width = kernels.raw.panel_columns
    let pack = isPaired ? kernels.raw.pack_pairs! : kernels.raw.pack!
    // Even, so that no pair is torn apart.
    let step = max(2, Self.pieceCount / max(columns, 1) / 2 * 2)
    try executor.parallelTry((depth + step - 1) / step) { piece in
      let first = piece * step
      let rows = min(depth - first, step)
      try b.withElements(from: first * columns, count: rows * columns, as: Float.self) { source in
        for panel in 0..<panels {
          pack(
            source + panel * width, columns, 1, rows, columns - panel * width, scale, 0, 1,
            target + (panel * steps + (isPaired ? first / 2 : first)) * width)
        }
      }
    }
  }

  private var target: UnsafeMutablePointer<Float> { memory.address.assumingMemoryBound(to: Float.self) }

  var values: UnsafePointer<Float> { UnsafePointer(target) }
}

/// Shares out the tiles of a product of which `g` tells everything.
func multiply(_ g: zs_gemm, kernels: VectorKernels, executor: Executor) {
  let width = kernels.raw.panel_columns
  let panels = (g.columns + width - 1) / width
  guard g.rows > 0, panels > 0 else { return }
  let kernels = kernels.raw
  if g.rows * g.columns * max(g.depth, 1) < 32768 { return kernels.gemm([g], 0, g.rows, 0, panels) }
  // Tall tiles: 72 rows (a multiple of every register tile) of a block of depth fit the L2 cache beside a panel.
  let tileRows = g.rows <= 16 ? g.rows : 72
  let rowTiles = (g.rows + tileRows - 1) / tileRows
  let wanted = executor.workerCount * 4
  // Enough tiles for every worker, but wide ones where there are many rows of them already.
  let columnTiles = min(panels, max(1, (wanted + rowTiles - 1) / rowTiles, panels / 64))
  executor.parallelFor(rowTiles * columnTiles) { index, _ in
    let (row, column) = (index % rowTiles, index / rowTiles)
    withUnsafePointer(to: g) { g in
      kernels.gemm(
        g, row * tileRows, min(g.pointee.rows, (row + 1) * tileRows), panels * column / columnTiles,
        panels * (column + 1) / columnTiles)
    }
  }
}
