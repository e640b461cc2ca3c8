import CStandardKernels
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
    /// Whether operands are rounded to 8 bits: the inputs by the range of all of them, states by their own.
    var roundsOperands = false
    /// Computes the new state. `multiply(x, first, y)` gives products of x and the gates from `first` on.
    var step: @Sendable (RecurrentStep, _ multiply: Multiply) -> Void

    typealias Multiply = (_ x: UnsafePointer<Float>, _ first: Int, _ y: UnsafeMutablePointer<Float>) -> Void
  }

  let signature: Signature
  let host: Host
  let cell: @Sendable (Node) throws -> Cell

  init(_ name: String, domain: String = "", since: Int64, host: Host, cell: @escaping @Sendable (Node) throws -> Cell) {
    signature = Signature(name, domain: domain, since: since)
    self.host = host
    self.cell = cell
  }

  private func geometry(_ node: Node) throws -> RecurrentGeometry {
    let cell = try cell(node)
    return try RecurrentGeometry(node, gates: cell.gates, standard: cell.activations)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (geometry, cell) = (try geometry(node), try cell(node))
    let kernel = RecurrentKernel(geometry, cell, host: host)
    if let weights = try node.input(1).data, let recurrent = try node.input(2).data {
      let memory = try host.allocate(max(kernel.packedCount.times(4), 64))
      kernel.pack(weights, recurrent, to: memory.address, executor)
      kernel.packed = memory
    }
    return kernel
  }
}

final class RecurrentKernel: Kernel, @unchecked Sendable {
  private let geometry: RecurrentGeometry
  private let cell: RecurrentOperator.Cell
  private let kernels: VectorKernels
  /// W and R of all directions in panels; set once, before the kernel runs.
  fileprivate(set) var packed: HostMemory?

  init(_ geometry: RecurrentGeometry, _ cell: RecurrentOperator.Cell, host: Host) {
    self.geometry = geometry
    self.cell = cell
    kernels = host.kernels
  }

  var consumedInputs: [Int] { packed == nil ? [] : [1, 2] }
  var summary: String? { packed == nil ? "packed at each run" : "packed weights" }

  private var width: Int { kernels.raw.panel_columns }
  /// Panels of one gate: gates begin with a panel, so that a few of them can be multiplied alone.
  private var gatePanels: Int { (geometry.hidden + width - 1) / width }
  private func matrixCount(_ depth: Int) -> Int { (geometry.gates * gatePanels * width).saturatingTimes(depth) }
  private var directionCount: Int { matrixCount(geometry.inputs).saturatingPlus(matrixCount(geometry.hidden)) }
  fileprivate var packedCount: Int { geometry.directions.saturatingTimes(directionCount) }

  fileprivate func pack(
    _ weights: UnsafeRawPointer, _ recurrent: UnsafeRawPointer, to target: UnsafeMutableRawPointer,
    _ executor: Executor
  ) {
    let (hidden, gates) = (geometry.hidden, geometry.gates)
    let target = target.assumingMemoryBound(to: Float.self)
    executor.parallelFor(geometry.directions * 2 * gates) { task, _ in
      let (direction, isRecurrent, gate) = (task / (2 * gates), task / gates % 2 == 1, task % gates)
      let depth = isRecurrent ? hidden : geometry.inputs
      let source = (isRecurrent ? recurrent : weights).assumingMemoryBound(to: Float.self)
      let start = direction * directionCount + (isRecurrent ? matrixCount(geometry.inputs) : 0)
      kernels.raw.pack(
        source + (direction * gates + gate) * hidden * depth, 1, depth, depth, hidden, 1, 0, gatePanels,
        target + start + gate * gatePanels * width * depth)
    }
  }

  /// y (rows, gates · hidden) = x (rows, depth) times some gates of a matrix.
  private func product(
    _ x: UnsafePointer<Float>, _ xStride: Int, _ matrix: UnsafePointer<Float>, depth: Int, rows: Int, gates: Range<Int>,
    to y: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    for gate in gates {
      var g = zs_gemm()
      g.a = x
      g.a_stride = xStride
      g.b = matrix + gate * gatePanels * width * depth
      g.c = y + gate * geometry.hidden
      g.c_stride = geometry.rows
      (g.rows, g.columns, g.depth) = (rows, geometry.hidden, depth)
      g.form = ZS_NUMBERS.code
      g.activation = ZS_IDENTITY.code
      multiply(g, kernels: kernels, executor: executor)
    }
  }

  /// The left-hand side of a product: `x`, or what rounding makes of each of its rows.
  private func operand(
    _ x: UnsafePointer<Float>, _ rows: Int, _ count: Int, _ rounded: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    guard cell.roundsOperands else { return x }
    for row in 0..<rows {
      let (from, to) = (x + row * count, rounded + row * count)
      var (low, high) = (Float(0), Float(0))
      for index in 0..<count { (low, high) = (min(low, from[index]), max(high, from[index])) }
      let scale = high > low ? (high - low) / 255 : 1
      let zero = min(max(0, (-low / scale).rounded(.toNearestOrEven)), 255)
      kernels.raw.round_to_steps(from, to, count, zs_steps(scale: scale, zero: zero, low: 0, high: 255))
    }
    return UnsafePointer(rounded)
  }

  /// Floats of scratch: sums of all steps, products of one step, two states, and the packed weights if need be.
  private var sumCount: Int { saturatingProduct([geometry.steps, geometry.batch, geometry.rows]) }
  private var stepCount: Int { geometry.batch.saturatingTimes(geometry.rows) }
  private var stateCount: Int { geometry.batch.saturatingTimes(geometry.hidden) }
  /// Of the inputs, or the states, after rounding.
  private var roundedCount: Int {
    cell.roundsOperands
      ? max(saturatingProduct([geometry.steps, geometry.batch, geometry.inputs]), stateCount) : 0
  }
  var workspaceByteCount: Int {
    [sumCount, stepCount, stateCount, stateCount, geometry.rows, roundedCount, packed == nil ? packedCount : 0]
      .reduce(0) { $0.saturatingPlus($1) }.saturatingTimes(4)
  }

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
    let products = sums + sumCount
    let states = products + stepCount
    let cells = states + stateCount
    let bias = cells + stateCount
    let rounded = bias + geometry.rows
    var matrices = packed.map { UnsafePointer($0.address.assumingMemoryBound(to: Float.self)) }
    if matrices == nil, let weights = call.input(1).data, let recurrent = call.input(2).data {
      pack(weights, recurrent, to: UnsafeMutableRawPointer(rounded + roundedCount), executor)
      matrices = UnsafePointer(rounded + roundedCount)
    }
    guard let matrices else { throw OperatorError("the weights are missing") }
    let x = call.input(0).pointer(as: Float.self)
    for direction in 0..<geometry.directions {
      let weights = matrices + direction * directionCount
      let recurrent = weights + matrixCount(geometry.inputs)
      // In X's own order of rows, whichever it is.
      product(
        operand(x, 1, geometry.steps * batch * geometry.inputs, rounded), geometry.inputs, weights,
        depth: geometry.inputs,
        rows: geometry.steps * batch, gates: 0..<geometry.gates,
        to: sums, executor)
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
        product(
          operand(states, batch, hidden, rounded), hidden, recurrent, depth: hidden, rows: batch,
          gates: 0..<cell.readyGates, to: products, executor)
        for row in 0..<batch {
          guard number < length(row) else { continue }
          let time = geometry.isReverse[direction] ? length(row) - 1 - number : number
          let at = geometry.inputRow(time, row)
          let step = RecurrentStep(
            sums: sums + at * rows, products: products + row * rows, state: states + row * hidden,
            cell: cells + row * hidden, bias: ownBias, peepholes: peepholes,
            activations: geometry.activations[direction], hidden: hidden, clip: geometry.clip, kernels: kernels)
          cell.step(step) { x, first, y in
            product(
              x, hidden, recurrent, depth: hidden, rows: 1, gates: first..<geometry.gates, to: y, executor)
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
