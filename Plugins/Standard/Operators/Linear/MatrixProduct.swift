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

  init(
    _ b: UnsafePointer<Float>, rowStride: Int, columnStride: Int, depth: Int, columns: Int, scale: Float, host: Host,
    executor: Executor
  ) throws {
    let kernels = host.kernels
    let width = kernels.raw.panel_columns
    let panels = (columns + width - 1) / width
    let memory = try host.allocate(panels * width * depth * 4)
    nonisolated(unsafe) let source = b
    executor.parallelRanges(panels, grain: 1) { range in
      kernels.raw.pack(
        source, rowStride, columnStride, depth, columns, scale, range.lowerBound, range.upperBound,
        memory.address.assumingMemoryBound(to: Float.self))
    }
    self.memory = memory
    self.columns = columns
    self.depth = depth
    self.panels = panels
  }

  var values: UnsafePointer<Float> { UnsafePointer(memory.address.assumingMemoryBound(to: Float.self)) }
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
