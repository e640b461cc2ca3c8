import CVectorKernels
import PluginSupport
import ZooPlugin

/// The quads that `depth` bytes fill, which products take four at a time.
package func quads(of depth: Int) -> Int { (depth + 3) / 4 }

/// Right-hand matrices of 8-bit integers, in the panels of exact products.
package struct PackedBytes: Sendable {
  /// Where `matrices` of `taps` runs of `depth` rows lie in memory, in elements from one to the next.
  package struct Source: Sendable, Equatable {
    package var matrices, taps, depth, columns: Int
    package var matrixStride, tapStride, rowStride, columnStride: Int

    package init(
      matrices: Int, taps: Int, depth: Int, columns: Int, strides: (matrix: Int, tap: Int, row: Int, column: Int)
    ) {
      (self.matrices, self.taps, self.depth, self.columns) = (matrices, taps, depth, columns)
      (matrixStride, tapStride, rowStride, columnStride) = strides
    }

    /// Row-major matrices one after the other.
    package init(matrices: Int, depth: Int, columns: Int) {
      self.init(
        matrices: matrices, taps: 1, depth: depth, columns: columns, strides: (depth * columns, 0, columns, 1))
    }
  }

  package let source: Source
  private let isSigned: Bool
  /// Quads of a tap.
  package let steps: Int
  package let panels: Int
  private let host: ZooHost
  private var kernels: VectorKernels { host.kernels }
  /// Keeps the memory of constants.
  private let memory: HostMemory?
  /// Of constants.
  private var surplus: QuadSurplus?
  nonisolated(unsafe) private let address: UnsafeMutablePointer<Float>

  /// - Parameter workspace: `byteCount` bytes in place of memory of its own.
  private init(
    _ source: Source, isSigned: Bool, host: ZooHost, at workspace: UnsafeMutableRawPointer? = nil
  ) throws {
    (self.source, self.isSigned, self.host) = (source, isSigned, host)
    let width = host.kernels.raw.panel_columns
    (steps, panels) = (quads(of: source.depth), (source.columns + width - 1) / width)
    memory = workspace == nil ? try host.allocate(try Self.byteCount(source, host)) : nil
    guard let start = workspace ?? memory?.address else { throw OperatorError("no memory", kind: .outOfMemory) }
    address = start.assumingMemoryBound(to: Float.self)
  }

  /// Input `index` of `node` if it is constant; `packed`, of a kernel for other shapes, if it is the same.
  package static func constant(
    _ node: Node, _ index: Int, as source: Source, reusing packed: PackedBytes? = nil, host: ZooHost, executor: Executor
  ) throws -> PackedBytes? {
    let tensor = try node.input(index)
    let isSigned = tensor.type == .int8
    if let packed, packed.source == source, packed.isSigned == isSigned { return packed }
    guard let constant = node.constant(index) else { return nil }
    var made = try PackedBytes(source, isSigned: isSigned, host: host)
    try constant.withElements(from: 0, count: tensor.count, as: UInt8.self) { made.pack($0, executor: executor) }
    try made.takeSurplus(executor)
    return made
  }

  /// What `tensor` holds in this run, packed at `workspace`.
  package static func packing(
    _ tensor: TensorView, as source: Source, host: ZooHost, at workspace: UnsafeMutableRawPointer, executor: Executor
  ) throws -> PackedBytes {
    let made = try PackedBytes(source, isSigned: tensor.type == .int8, host: host, at: workspace)
    made.pack(UnsafePointer(tensor.pointer(as: UInt8.self)), executor: executor)
    return made
  }

  package static func byteCount(_ source: Source, _ host: ZooHost) throws -> Int {
    let width = host.kernels.raw.panel_columns
    let columns = (source.columns + width - 1) / width * width
    let steps = try quads(of: source.depth).times(source.taps)
    return try source.matrices.times(columns).times(steps + 1).times(4)
  }

  /// Columns with those that fill up the last panel.
  package var paddedColumns: Int { panels * kernels.raw.panel_columns }
  private var matrixSteps: Int { source.taps * steps }
  private func panelsStart(_ matrix: Int) -> UnsafeMutablePointer<Float> {
    address + matrix * paddedColumns * matrixSteps
  }
  private func sums(_ matrix: Int) -> UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(address + source.matrices * paddedColumns * matrixSteps + matrix * paddedColumns)
      .assumingMemoryBound(to: Int32.self)
  }

  /// Packs all matrices.
  private func pack(_ bytes: UnsafePointer<UInt8>, executor: Executor) {
    let kernels = kernels.raw
    let grain = max(1, 16384 / max(matrixSteps * kernels.panel_columns, 1))
    executor.parallelRanges(source.matrices * panels, grain: grain) { range in
      for index in range {
        let (matrix, panel) = (index / panels, index % panels)
        let target = panelsStart(matrix)
        for tap in 0..<source.taps {
          kernels.pack_bytes(
            bytes + matrix * source.matrixStride + tap * source.tapStride, source.rowStride, source.columnStride,
            source.depth, source.columns, isSigned ? 1 : 0, panel, panel + 1,
            target + tap * steps * kernels.panel_columns, matrixSteps)
        }
        kernels.column_sums(target, matrixSteps, panel, panel + 1, sums(matrix))
      }
    }
  }

  private mutating func takeSurplus(_ executor: Executor) throws {
    surplus = try QuadSurplus(
      of: address, panels: source.matrices * panels, taps: source.taps, steps: steps, host: host, executor: executor)
  }

  /// The columns' zero points as products take them, filled up for each matrix to whole panels; `nil` where all are zero.
  ///
  /// - Parameter points: one for all, one for each column, or one for each column of all matrices.
  package func columnZeros(_ points: Scratch<Int32>?) throws -> Scratch<Int32>? {
    let shift: Int32 = isSigned ? 0 : 128
    let count = points?.count ?? 1
    guard count == 1 || count == source.columns || count == source.columns * source.matrices else {
      throw OperatorError("\(count) zero points for \(source.columns) columns")
    }
    guard points.map({ $0.contains { $0 != shift } }) ?? (shift != 0) else { return nil }
    let result = try host.scratch(repeating: Int32(0), count: source.matrices * paddedColumns)
    for matrix in 0..<source.matrices {
      for column in 0..<source.columns {
        let place = count == 1 ? 0 : (matrix * source.columns + column) % count
        result[matrix * paddedColumns + column] = (points?[place] ?? 0) - shift
      }
    }
    return result
  }

  /// Makes a matrix the right-hand side of `g`. Whoever multiplies keeps `zeros`, from `columnZeros`, alive.
  package func set(_ g: inout zs_integers, matrix: Int, zeros: Scratch<Int32>?) {
    g.taps = source.taps
    g.steps = steps
    g.columns = source.columns
    g.b = UnsafePointer(panelsStart(matrix))
    g.column_sums = UnsafePointer(sums(matrix))
    if let surplus { g.surplus = surplus.raw(from: matrix * panels, width: kernels.raw.panel_columns) }
    g.column_zeros = zeros?.withPointer { UnsafePointer($0 + matrix * paddedColumns) }
  }
}

extension TensorView {
  /// The elements of a tensor of int8 or uint8.
  package func integersOfBytes() throws -> Scratch<Int32> {
    let values = try host.scratch(count, of: Int32.self)
    switch type {
    case .int8: for index in values.indices { values[index] = Int32(pointer(as: Int8.self)[index]) }
    case .uint8: for index in values.indices { values[index] = Int32(pointer(as: UInt8.self)[index]) }
    default: throw unsupported(type)
    }
    return values
  }
}
