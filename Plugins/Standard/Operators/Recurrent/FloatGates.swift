import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Matrices (directions, gates · hidden, depth) of float32.
struct FloatGates: GateProducts {
  private let geometry: RecurrentGeometry
  private let kernels: VectorKernels
  /// W and R of all directions in panels.
  private let packed: HostMemory?

  init(_ node: Node, _ geometry: RecurrentGeometry, host: ZooHost, executor: Executor) throws {
    self.geometry = geometry
    kernels = host.kernels
    guard let weights = try node.input(1).data, let recurrent = try node.input(2).data else {
      packed = nil
      return
    }
    let layout = FloatGateLayout(geometry, kernels)
    let memory = try host.allocate(max(layout.count.times(4), 64))
    layout.pack(weights, recurrent, to: memory.address, executor)
    packed = memory
  }

  var isPacked: Bool { packed != nil }
  let areIndependent = true
  private var layout: FloatGateLayout { FloatGateLayout(geometry, kernels) }
  var workspaceByteCount: Int { packed == nil ? layout.count.saturatingTimes(4) : 0 }

  func matrices(_ call: Call, workspace: UnsafeMutableRawPointer) throws -> any GateMatrices {
    if let packed { return FloatMatrices(layout: layout, start: packed.address) }
    guard let weights = call.input(1).data, let recurrent = call.input(2).data else {
      throw OperatorError("the weights are missing")
    }
    layout.pack(weights, recurrent, to: workspace, call.executor)
    return FloatMatrices(layout: layout, start: workspace)
  }
}

/// Where panels lie. Gates begin with a panel, so that a few of them can be multiplied alone.
private struct FloatGateLayout {
  let geometry: RecurrentGeometry
  let kernels: VectorKernels

  init(_ geometry: RecurrentGeometry, _ kernels: VectorKernels) { (self.geometry, self.kernels) = (geometry, kernels) }

  private var width: Int { kernels.raw.panel_columns }
  private var gatePanels: Int { (geometry.hidden + width - 1) / width }
  private func matrixCount(_ depth: Int) -> Int { (geometry.gates * gatePanels * width).saturatingTimes(depth) }
  private var directionCount: Int { matrixCount(geometry.inputs).saturatingPlus(matrixCount(geometry.hidden)) }
  var count: Int { geometry.directions.saturatingTimes(directionCount) }

  func depth(_ matrix: GateMatrix) -> Int { matrix == .inputs ? geometry.inputs : geometry.hidden }

  func place(_ matrix: GateMatrix, direction: Int, gate: Int) -> Int {
    direction * directionCount + (matrix == .inputs ? 0 : matrixCount(geometry.inputs))
      + gate * gatePanels * width * depth(matrix)
  }

  func pack(
    _ weights: UnsafeRawPointer, _ recurrent: UnsafeRawPointer, to target: UnsafeMutableRawPointer,
    _ executor: Executor
  ) {
    let (hidden, gates) = (geometry.hidden, geometry.gates)
    let target = target.assumingMemoryBound(to: Float.self)
    executor.parallelFor(geometry.directions * 2 * gates) { task, _ in
      let (direction, gate) = (task / (2 * gates), task % gates)
      let matrix = task / gates % 2 == 1 ? GateMatrix.states : .inputs
      let depth = depth(matrix)
      let source = (matrix == .states ? recurrent : weights).assumingMemoryBound(to: Float.self)
      kernels.raw.pack(
        source + (direction * gates + gate) * hidden * depth, 1, depth, depth, hidden, 1, 0, gatePanels,
        target + place(matrix, direction: direction, gate: gate))
    }
  }
}

private struct FloatMatrices: GateMatrices {
  let layout: FloatGateLayout
  let start: UnsafeMutableRawPointer

  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, by matrix: GateMatrix, direction: Int, gates: Range<Int>,
    to y: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let (hidden, depth) = (layout.geometry.hidden, layout.depth(matrix))
    for gate in gates {
      var g = zs_gemm()
      g.a = x
      g.a_stride = depth
      g.b = UnsafePointer(
        start.assumingMemoryBound(to: Float.self) + layout.place(matrix, direction: direction, gate: gate))
      g.c = y + gate * hidden
      g.c_stride = layout.geometry.rows
      (g.rows, g.columns, g.depth) = (rows, hidden, depth)
      g.form = ZS_NUMBERS.code
      g.activation = ZS_IDENTITY.code
      StandardPlugin.multiply(g, kernels: layout.kernels, executor: executor)
    }
  }
}
