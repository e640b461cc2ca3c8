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
    return RecurrentKernel(geometry, cell, products, host: host, workers: executor.workerCount)
  }
}

private final class RecurrentKernel: Kernel {
  private let geometry: RecurrentGeometry
  private let cell: RecurrentOperator.Cell
  private let products: any GateProducts
  private let kernels: VectorKernels
  private let workers: Int

  init(
    _ geometry: RecurrentGeometry, _ cell: RecurrentOperator.Cell, _ products: any GateProducts, host: ZooHost,
    workers: Int
  ) {
    self.geometry = geometry
    self.workers = workers
    self.cell = cell
    self.products = products
    kernels = host.kernels
  }

  var consumedInputs: [Int] { products.isPacked ? [1, 2] : [] }
  var summary: String? { products.isPacked ? "packed weights" : "packed at each run" }

  /// Floats of scratch of a direction: sums of all steps, products of one step, two states.
  private var sumCount: Int { saturatingProduct([geometry.steps, geometry.batch, geometry.rows]) }
  private var stepCount: Int { geometry.batch.saturatingTimes(geometry.rows) }
  private var stateCount: Int { geometry.batch.saturatingTimes(geometry.hidden) }
  private var directionCount: Int {
    let count = [sumCount, stepCount, stateCount, stateCount, geometry.rows].reduce(0) { $0.saturatingPlus($1) }
    return count.saturatingPlus(15) / 16 * 16
  }
  private var ownByteCount: Int {
    directionCount.saturatingTimes(4).saturatingTimes(sharesDirections ? geometry.directions : 1)
  }
  var workspaceByteCount: Int { ownByteCount.saturatingPlus(products.workspaceByteCount) }

  /// Whether each direction has a worker of its own, which waits for no other at each step. With more workers than that, or
  /// large steps, they share a step's products instead.
  private var sharesDirections: Bool {
    geometry.directions > 1 && products.areIndependent
      && (workers < 2 * geometry.directions || stepCount.saturatingTimes(geometry.hidden) < 1 << 18)
  }

  /// What one run reads and writes.
  private struct Run {
    var matrices: any GateMatrices
    var x: UnsafeMutablePointer<Float>
    var bias, firstState, firstCell, peepholes: UnsafeMutablePointer<Float>?
    var y, lastState, lastCell: UnsafeMutablePointer<Float>?
    var lengths: Integers?
    var steps: Int

    func length(_ row: Int) -> Int { lengths?[row] ?? steps }
  }

  func run(_ call: Call) throws {
    guard let scratch = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    func floats(_ index: Int) -> UnsafeMutablePointer<Float>? {
      call.optionalInput(index)?.data?.assumingMemoryBound(to: Float.self)
    }
    func output(_ index: Int) -> UnsafeMutablePointer<Float>? {
      index < call.outputCount ? call.output(index).data?.assumingMemoryBound(to: Float.self) : nil
    }
    guard geometry.batch > 0, geometry.hidden > 0 else { return }
    let lengths = try call.optionalInput(4)?.integers()
    if let wrong = lengths?.first(where: { $0 < 0 || $0 > geometry.steps }) {
      throw OperatorError("a sequence of length \(wrong) among \(geometry.steps) steps")
    }
    let hasCells = geometry.gates == 4
    let run = Run(
      matrices: try products.matrices(call, workspace: UnsafeMutableRawPointer(scratch) + ownByteCount),
      x: call.input(0).pointer(), bias: floats(3), firstState: floats(5), firstCell: hasCells ? floats(6) : nil,
      peepholes: hasCells ? floats(7) : nil, y: output(0), lastState: output(1), lastCell: output(2),
      lengths: lengths, steps: geometry.steps)
    guard sharesDirections else {
      for direction in 0..<geometry.directions { self.run(run, direction, scratch, call.executor) }
      return
    }
    call.executor.parallelFor(geometry.directions) { direction, _ in
      self.run(run, direction, scratch + direction * directionCount, .alone)
    }
  }

  /// All steps of one direction.
  private func run(_ run: Run, _ direction: Int, _ scratch: UnsafeMutablePointer<Float>, _ executor: Executor) {
    let (batch, hidden, rows) = (geometry.batch, geometry.hidden, geometry.rows)
    let sums = scratch
    let stepProducts = sums + sumCount
    let states = stepProducts + stepCount
    let cells = states + stateCount
    // In X's own order of rows, whichever it is.
    run.matrices.multiply(
      run.x, rows: geometry.steps * batch, by: .inputs, direction: direction, gates: 0..<geometry.gates, to: sums,
      executor)
    let ownBias = addBias(run, direction, to: sums, scratch: cells + stateCount)
    for row in 0..<batch {
      for (target, given) in [(states, run.firstState), (cells, run.firstCell)] {
        if let given {
          (target + row * hidden).update(from: given + geometry.stateOffset(direction, row), count: hidden)
        } else {
          (target + row * hidden).update(repeating: 0, count: hidden)
        }
      }
    }
    let peepholes = run.peepholes.map { UnsafePointer($0 + direction * 3 * hidden) }
    for number in 0..<geometry.steps {
      run.matrices.multiply(
        states, rows: batch, by: .states, direction: direction, gates: 0..<cell.readyGates, to: stepProducts, executor)
      for row in 0..<batch where number < run.length(row) {
        let time = geometry.isReverse[direction] ? run.length(row) - 1 - number : number
        let step = RecurrentStep(
          sums: sums + geometry.inputRow(time, row) * rows, products: stepProducts + row * rows,
          state: states + row * hidden, cell: cells + row * hidden, bias: ownBias, peepholes: peepholes,
          activations: geometry.activations[direction], hidden: hidden, clip: geometry.clip, kernels: kernels)
        cell.step(step) { x, first, y in
          run.matrices.multiply(
            x, rows: 1, by: .states, direction: direction, gates: first..<geometry.gates, to: y, executor)
        }
        if let y = run.y {
          (y + geometry.outputOffset(time, direction, row)).update(from: states + row * hidden, count: hidden)
        }
      }
    }
    for row in 0..<batch {
      if let y = run.y {
        for time in run.length(row)..<geometry.steps {
          (y + geometry.outputOffset(time, direction, row)).update(repeating: 0, count: hidden)
        }
      }
      let offset = geometry.stateOffset(direction, row)
      if let lastState = run.lastState { (lastState + offset).update(from: states + row * hidden, count: hidden) }
      if let lastCell = run.lastCell { (lastCell + offset).update(from: cells + row * hidden, count: hidden) }
    }
  }

  /// Adds the bias to the sums of all steps.
  ///
  /// - Returns: What of it a step adds by itself.
  private func addBias(
    _ run: Run, _ direction: Int, to sums: UnsafeMutablePointer<Float>, scratch bias: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float>? {
    guard let given = run.bias else { return nil }
    let rows = geometry.rows
    let first = given + direction * 2 * rows
    let shared = cell.hasOwnBias ? rows - geometry.hidden : rows
    for index in 0..<rows { bias[index] = first[index] + (index < shared ? first[rows + index] : 0) }
    for row in 0..<geometry.steps * geometry.batch {
      kernels.raw.binary(ZS_ADD.code, sums + row * rows, 1, bias, 1, sums + row * rows, rows)
    }
    return cell.hasOwnBias ? UnsafePointer(first + rows + shared) : nil
  }
}
