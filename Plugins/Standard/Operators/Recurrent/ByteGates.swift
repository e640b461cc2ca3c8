import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Matrices (directions, depth, gates · hidden) of bytes, with scales and zero points of directions or of their columns.
/// What they are multiplied by is rounded to bytes first: the inputs by the range of all of them, each row of the states
/// by its own.
struct ByteGates: GateProducts {
  /// Of com.microsoft's DynamicQuantizeLSTM.
  private static let scales = [8, 10], zeros = [9, 11]

  private let geometry: RecurrentGeometry
  private let host: ZooHost
  private let sources: [PackedBytes.Source]
  /// W and R, each if it is constant.
  private let packed: [PackedBytes?]

  init(_ node: Node, _ geometry: RecurrentGeometry, host: ZooHost, executor: Executor) throws {
    (self.geometry, self.host) = (geometry, host)
    sources = [geometry.inputs, geometry.hidden].map {
      PackedBytes.Source(matrices: geometry.directions, depth: $0, columns: geometry.rows)
    }
    packed = try sources.enumerated().map { index, source in
      try .constant(node, index + 1, as: source, host: host, executor: executor)
    }
    for index in 0..<2 {
      let (scale, zero) = (try node.input(Self.scales[index]), try node.input(Self.zeros[index]))
      let counts = [geometry.directions, geometry.directions * geometry.rows]
      guard scale.type == .float32, counts.contains(scale.count), zero.count == scale.count else {
        throw OperatorError(
          "scales of shape \(scale.shape) and zero points of shape \(zero.shape) don't fit \(geometry.directions) "
            + "directions of \(geometry.rows) columns")
      }
    }
  }

  var isPacked: Bool { packed.allSatisfy { $0 != nil } }
  /// They share memory for bytes.
  let areIndependent = false

  /// Rows that are multiplied at once, at most.
  private var rows: Int { max(geometry.steps, 1).saturatingTimes(geometry.batch) }
  private var depth: Int { max(geometry.inputs, geometry.hidden) }
  private var quantaLength: Int { 4 * quads(of: depth) }
  private func whole(_ count: Int) -> Int { count.saturatingPlus(63) / 64 * 64 }

  private func packedByteCount(_ index: Int) -> Int {
    packed[index] != nil ? 0 : whole((try? PackedBytes.byteCount(sources[index], host)) ?? .max - 63)
  }

  /// Bytes, what products take of them, zero points, scales, sums, and matrices that change.
  var workspaceByteCount: Int {
    [
      whole(rows.saturatingTimes(depth)), whole(rows.saturatingTimes(quantaLength)), whole(rows.saturatingTimes(4)),
      whole(rows.saturatingTimes(4)), whole(saturatingProduct([rows, geometry.rows, 4])), packedByteCount(0),
      packedByteCount(1),
    ].reduce(0) { $0.saturatingPlus($1) }
  }

  func matrices(_ call: Call, workspace: UnsafeMutableRawPointer) throws -> any GateMatrices {
    var place = workspace
    func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
      defer { place += whole(byteCount) }
      return place
    }
    let (bytes, quanta) = (take(rows * depth), take(rows * quantaLength))
    let (zeros, scales) = (take(rows * 4), take(rows * 4))
    let sums = take(rows * geometry.rows * 4)
    let matrices = try (0..<2).map { index in
      try packed[index]
        ?? .packing(
          call.input(index + 1), as: sources[index], host: host, at: take(packedByteCount(index)),
          executor: call.executor)
    }
    return ByteMatrices(
      columns: geometry.rows, kernels: host.kernels, matrices: matrices,
      columnZeros: try (0..<2).map {
        try matrices[$0].columnZeros(forColumns(call.input(Self.zeros[$0]).integersOfBytes()))
      },
      columnScales: try (0..<2).map { try forColumns(call.input(Self.scales[$0]).floats()) }, bytes: bytes,
      quanta: quanta, zeros: zeros.assumingMemoryBound(to: Int32.self),
      scales: scales.assumingMemoryBound(to: Float.self), sums: sums.assumingMemoryBound(to: Int32.self))
  }

  /// One for each column of all directions, of one for each or of one for each direction.
  private func forColumns<Element>(_ values: Scratch<Element>) throws -> Scratch<Element> {
    let all = try host.scratch(geometry.directions * geometry.rows, of: Element.self)
    let repeats = max(all.count / max(values.count, 1), 1)
    for place in all.indices { all[place] = values[place / repeats] }
    return all
  }
}

private struct ByteMatrices: GateMatrices {
  let columns: Int
  let kernels: VectorKernels
  let matrices: [PackedBytes]
  let columnZeros: [Scratch<Int32>?]
  let columnScales: [Scratch<Float>]
  let bytes, quanta: UnsafeMutableRawPointer
  let zeros: UnsafeMutablePointer<Int32>
  let scales: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Int32>

  /// Products of fewer numbers than this are not worth the workers' while.
  private static let leastShared = 1 << 19

  /// Of all gates, whatever `gates` says: the one cell of 8 bits, LSTM, asks for no others.
  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, by matrix: GateMatrix, direction: Int, gates: Range<Int>,
    to y: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let index = matrix == .inputs ? 0 : 1
    let b = matrices[index]
    round(x, rows: rows, depth: b.source.depth, by: matrix, executor)
    var product = zs_integers()
    product.a = UnsafeRawPointer(quanta)
    product.row_zeros = UnsafePointer(zeros)
    product.row_zero_step = 1
    product.c = sums
    product.c_stride = columns
    b.set(&product, matrix: direction, zeros: columnZeros[index])
    let g = product
    let columnScales = columnScales[index].withPointer { $0 + direction * columns }
    let raw = kernels.raw
    func multiply(_ rows: Range<Int>, _ panels: Range<Int>) {
      withUnsafePointer(to: g) {
        raw.bytes.integers($0, rows.lowerBound, rows.upperBound, panels.lowerBound, panels.upperBound)
      }
      let first = panels.lowerBound * raw.panel_columns
      let start = rows.lowerBound * columns + first
      raw.scale_integers(
        sums + start, columns, rows.count, min(columns, panels.upperBound * raw.panel_columns) - first,
        scales + rows.lowerBound, columnScales + first, y + start, columns)
    }
    withExtendedLifetime(self) {
      if rows * columns * b.source.depth < Self.leastShared { return multiply(0..<rows, 0..<b.panels) }
      let tiles = ProductTiles(
        rows: rows, columns: columns, depth: b.source.depth, panelColumns: raw.panel_columns,
        unit: raw.bytes.tile_rows, workers: executor.workerCount)
      tiles.forEach(on: executor, multiply)
    }
  }

  /// Rows to bytes, and those to what products take.
  private func round(
    _ x: UnsafePointer<Float>, rows: Int, depth: Int, by matrix: GateMatrix, _ executor: Executor
  ) {
    let raw = kernels.raw
    let length = 4 * quads(of: depth)
    let shared = matrix == .inputs ? ByteRange(x, rows * depth, kernels, executor) : nil
    executor.parallelRanges(rows, grain: max(1, 16384 / max(depth, 1))) { part in
      for row in part {
        let (from, to) = (x + row * depth, bytes + row * depth)
        let range = shared ?? ByteRange(from, depth, kernels)
        raw.quantize_bytes(from, to, depth, range.steps)
        zeros[row] = raw.row_integers(to, depth, 0, Int32(range.zeroPoint), quanta + row * length)
        scales[row] = range.scale
      }
    }
  }
}
