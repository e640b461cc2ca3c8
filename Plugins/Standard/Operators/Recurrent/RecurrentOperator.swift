import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// What one step of a cell has to do with, for one row of the batch: pointers to `hidden` values, gates one after the
/// other.
struct RecurrentStep {
  /// Products with the input, biases included; products with the state are added by the cell.
  var sums: UnsafeMutablePointer<Float>
  /// Products with the state, without biases.
  var products: UnsafePointer<Float>
  var state: UnsafeMutablePointer<Float>
  /// Of LSTM.
  var cell: UnsafeMutablePointer<Float>
  /// The biases of the products with the state; only where the cell asked to have them apart.
  var bias: UnsafePointer<Float>?
  /// P of LSTM for this direction.
  var peepholes: UnsafePointer<Float>?
  var activations: [RecurrentActivation]
  var hidden: Int
  var clip: Float?
  var kernels: VectorKernels

  /// The activation `number` of gates of `count` values, cut off first.
  func activate(_ number: Int, _ x: UnsafeMutablePointer<Float>, _ count: Int) {
    if let clip { kernels.raw.unary(ZS_CLIP.code, x, x, count, -clip, clip) }
    activations[number].apply(x, count, kernels)
  }

  func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ count: Int) {
    kernels.raw.binary(ZS_ADD.code, x, 1, y, 1, y, count)
  }
}

/// ONNX's LSTM, GRU and RNN: products with all inputs at once, then step by step products with the state.
struct RecurrentOperator: Operator {
  /// What differs from cell to cell.
  struct Cell: Sendable {
    var gates: Int
    var activations: [String]
    /// How many of the gates' products with the state are computed before `step`: GRU's last one may need the reset state.
    var readyGates: Int
    /// Whether the bias of the last gate's product with the state stays apart.
    var hasOwnBias: Bool
    /// Computes the new state. `multiply(x, first, y)` gives products of x and the gates from `first` on.
    var step: @Sendable (RecurrentStep, _ multiply: Multiply) -> Void

    typealias Multiply = (_ x: UnsafePointer<Float>, _ first: Int, _ y: UnsafeMutablePointer<Float>) -> Void
  }

  let signature: Signature
  let host: ZooHost
  let cell: @Sendable (Node) throws -> Cell
  /// Whether W and R are bytes, as in `ByteGates`.
  let hasByteWeights: Bool

  init(
    _ name: String, domain: String = "", since: Int64, host: ZooHost, hasByteWeights: Bool = false,
    cell: @escaping @Sendable (Node) throws -> Cell
  ) {
    signature = Signature(name, domain: domain, since: since)
    self.host = host
    self.hasByteWeights = hasByteWeights
    self.cell = cell
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let cell = try cell(node)
    let geometry = try RecurrentGeometry(
      node, gates: cell.gates, standard: cell.activations, hasByteWeights: hasByteWeights)
    let products: any GateProducts =
      hasByteWeights
      ? try ByteGates(node, geometry, host: host, executor: executor)
      : try FloatGates(node, geometry, host: host, executor: executor)
    return RecurrentKernel(geometry, cell, products, host: host)
  }
}

private final class RecurrentKernel: Kernel {
  private let geometry: RecurrentGeometry
  private let cell: RecurrentOperator.Cell
  private let products: any GateProducts
  private let kernels: VectorKernels

  init(_ geometry: RecurrentGeometry, _ cell: RecurrentOperator.Cell, _ products: any GateProducts, host: ZooHost) {
    self.geometry = geometry
    self.cell = cell
    self.products = products
    kernels = host.kernels
  }

  var consumedInputs: [Int] { products.isPacked ? [1, 2] : [] }
  var summary: String? { products.isPacked ? "packed weights" : "packed at each run" }

  /// Floats of scratch: sums of all steps, products of one step, two states.
  private var sumCount: Int { saturatingProduct([geometry.steps, geometry.batch, geometry.rows]) }
  private var stepCount: Int { geometry.batch.saturatingTimes(geometry.rows) }
  private var stateCount: Int { geometry.batch.saturatingTimes(geometry.hidden) }
  private var ownByteCount: Int {
    let count = [sumCount, stepCount, stateCount, stateCount, geometry.rows].reduce(0) { $0.saturatingPlus($1) }
    return count.saturatingTimes(4).saturatingPlus(63) / 64 * 64
  }
  var workspaceByteCount: Int { ownByteCount.saturatingPlus(products.workspaceByteCount) }

  func run(_ call: Call) throws {
    guard let scratch = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    let executor = call.executor
    func floats(_ index: Int) -> UnsafeMutablePointer<Float>? {
      call.optionalInput(index)?.data?.assumingMemoryBound(to: Float.self)
    }
    func output(_ index: Int) -> UnsafeMutablePointer<Float>? {
      index < call.outputCount ? call.output(index).data?.assumingMemoryBound(to: Float.self) : nil
    }
    let (y, lastState, lastCell) = (output(0), output(1), output(2))
    let (batch, hidden, rows) = (geometry.batch, geometry.hidden, geometry.rows)
    guard batch > 0, hidden > 0 else { return }
    let given = try call.optionalInput(4)?.integers()
    if let wrong = given?.first(where: { $0 < 0 || $0 > geometry.steps }) {
      throw OperatorError("a sequence of length \(wrong) among \(geometry.steps) steps")
    }
    func length(_ row: Int) -> Int { given?[row] ?? geometry.steps }
    let sums = scratch
    let stepProducts = sums + sumCount
    let states = stepProducts + stepCount
    let cells = states + stateCount
    let bias = cells + stateCount
    let matrices = try products.matrices(call, workspace: UnsafeMutableRawPointer(scratch) + ownByteCount)
    let x = call.input(0).pointer(as: Float.self)
    for direction in 0..<geometry.directions {
      // In X's own order of rows, whichever it is.
      matrices.multiply(
        x, rows: geometry.steps * batch, by: .inputs, direction: direction, gates: 0..<geometry.gates, to: sums,
        executor)
      var ownBias: UnsafePointer<Float>?
      if let given = floats(3) {
        let first = given + direction * 2 * rows
        let shared = cell.hasOwnBias ? rows - hidden : rows
        for index in 0..<rows { bias[index] = first[index] + (index < shared ? first[rows + index] : 0) }
        for row in 0..<geometry.steps * batch {
          kernels.raw.binary(ZS_ADD.code, sums + row * rows, 1, bias, 1, sums + row * rows, rows)
        }
        if cell.hasOwnBias { ownBias = UnsafePointer(first + rows + shared) }
      }
      for row in 0..<batch {
        for (target, index) in [(states, 5), (cells, 6)] {
          let initial = index == 5 || geometry.gates == 4 ? floats(index) : nil
          if let initial {
            (target + row * hidden).update(from: initial + geometry.stateOffset(direction, row), count: hidden)
          } else {
            (target + row * hidden).update(repeating: 0, count: hidden)
          }
        }
      }
      let peepholes = geometry.gates == 4 ? floats(7).map { UnsafePointer($0 + direction * 3 * hidden) } : nil
      for number in 0..<geometry.steps {
        matrices.multiply(
          states, rows: batch, by: .states, direction: direction, gates: 0..<cell.readyGates, to: stepProducts, executor
        )
        for row in 0..<batch {
          guard number < length(row) else { continue }
          let time = geometry.isReverse[direction] ? length(row) - 1 - number : number
          let at = geometry.inputRow(time, row)
          let step = RecurrentStep(
            sums: sums + at * rows, products: stepProducts + row * rows, state: states + row * hidden,
            cell: cells + row * hidden, bias: ownBias, peepholes: peepholes,
            activations: geometry.activations[direction], hidden: hidden, clip: geometry.clip, kernels: kernels)
          cell.step(step) { x, first, y in
            matrices.multiply(
              x, rows: 1, by: .states, direction: direction, gates: first..<geometry.gates, to: y, executor)
          }
          if let y {
            (y + geometry.outputOffset(time, direction, row)).update(from: states + row * hidden, count: hidden)
          }
        }
      }
      for row in 0..<batch {
        if let y {
          for time in length(row)..<geometry.steps {
            (y + geometry.outputOffset(time, direction, row)).update(repeating: 0, count: hidden)
          }
        }
        let offset = geometry.stateOffset(direction, row)
        if let lastState { (lastState + offset).update(from: states + row * hidden, count: hidden) }
        if let lastCell { (lastCell + offset).update(from: cells + row * hidden, count: hidden) }
      }
    }
  }
}
