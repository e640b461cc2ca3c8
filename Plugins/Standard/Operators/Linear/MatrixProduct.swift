import CStandardKernels
import KernelSupport
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

  var isEmpty: Bool { addends.isEmpty && activation == .identity }

  /// Has `g`, the product number `product` of a call, do this to its result.
  func set(_ g: inout zs_gemm, _ call: Call, product: Int = 0) {
    (g.activation, g.activation_a, g.activation_b) = (activation.code, activation.a, activation.b)
    let addends = addends.map { addend in
      // An operand of the result's whole shape goes along with the products; others repeat.
      zs_addend(
        values: UnsafePointer(call.input(addend.input).pointer(as: Float.self) + product * g.rows * addend.row),
        row: addend.row, column: addend.column, scale: addend.scale)
    }
    if addends.count > 0 { g.addends.0 = addends[0] }
    if addends.count > 1 { g.addends.1 = addends[1] }
    g.addend_count = Int32(addends.count)
  }

  static let refusal = OperatorError("the step can't be folded into a matrix product", kind: .unsupported)
}

/// Shares out the tiles of a product of which `g` tells everything.
func multiply(_ g: zs_gemm, kernels: VectorKernels, executor: Executor) {
  let raw = kernels.raw
  let tiles = ProductTiles(
    rows: g.rows, columns: g.columns, depth: g.depth, panelColumns: raw.panel_columns,
    unit: g.form == ZS_QUADS.code ? raw.bytes.tile_rows : raw.tile_rows, workers: executor.workerCount)
  tiles.forEach(on: executor) { rows, panels in
    withUnsafePointer(to: g) { kernels.multiply($0, rows: rows, panels: panels) }
  }
}
