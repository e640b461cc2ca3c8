import CStandardKernels
import KernelSupport
import PluginSupport
import Synchronization
import ZooPlugin

/// A right-hand matrix in panels. Kernels of other shapes share it.
final class PackedMatrix: Sendable {
  /// What the panels hold in place of numbers.
  enum Form: Sendable {
    case float32
    /// The same numbers in 16 bits, which lose nothing by it.
    case narrowFloat16, narrowBFloat16
    /// Pairs of depths.
    case bfloat16
    /// Quads of depths, each byte times the scale of its column: the column's greatest magnitude / 127.
    case int8

    /// The smallest form that `node` allows and that pays for a matrix of that size, which is `constant` times `scale`.
    init(_ node: Node, _ constant: Constant, depth: Int, columns: Int, scale: Float = 1) {
      // To round a row takes the time of multiplying a few columns; 2^16 products of bytes are the most that a sum holds.
      if node.allowsInt8, (16...1 << 16).contains(depth), columns >= 16 {
        self = .int8
      } else {
        self = node.allowsBFloat16 ? .bfloat16 : scale == 1 ? Self(exactly: constant.narrowType) : .float32
      }
    }

    private init(exactly type: ElementType?) {
      switch type {
      case .float16: self = .narrowFloat16
      case .bfloat16: self = .narrowBFloat16
      default: self = .float32
      }
    }

    /// Whether a matrix is packed from the numbers of 16 bits that it is stored as.
    var isNarrow: Bool { self == .narrowFloat16 || self == .narrowBFloat16 }

    /// Depths in the memory of one number.
    var depthsPerStep: Int {
      switch self {
      case .float32: 1
      case .bfloat16, .narrowFloat16, .narrowBFloat16: 2
      case .int8: 4
      }
    }

    var code: Int32 {
      switch self {
      case .float32: ZS_NUMBERS.code
      case .narrowFloat16: ZS_HALVES.code
      case .narrowBFloat16: ZS_BFLOATS.code
      case .bfloat16: ZS_PAIRS.code
      case .int8: ZS_QUADS.code
      }
    }
  }

  let form: Form
  let columns, depth, panels: Int
  private let memory: HostMemory
  private let kernels: VectorKernels
  /// Of int8; set while the matrix is made.
  nonisolated(unsafe) private var surplus: QuadSurplus?

  /// - Parameter isTransposed: whether `b` is stored as (columns, depth).
  init(
    _ b: Constant, isTransposed: Bool, depth: Int, columns: Int, scale: Float, form: Form, host: ZooHost,
    executor: Executor
  ) throws {
    kernels = host.kernels
    let width = kernels.raw.panel_columns
    panels = (columns + width - 1) / width
    self.form = form
    self.columns = columns
    self.depth = depth
    let steps = (depth + form.depthsPerStep - 1) / form.depthsPerStep
    memory = try host.allocate(panels * width * (steps + (form == .int8 ? 2 : 0)) * 4)
    if form == .int8 { scales.update(repeating: 0, count: panels * width) }
    if isTransposed {
      try packRows(b, scale, executor)
    } else {
      try packColumns(b, scale, executor)
    }
    guard form == .int8 else { return }
    executor.parallelRanges(panels, grain: max(1, Self.pieceCount / max(steps * width, 1))) { range in
      kernels.raw.column_sums(panelsStart, steps, range.lowerBound, range.upperBound, sums)
    }
    kernels.raw.affine(scales, scales, panels * width, scale, 0)
    surplus = try QuadSurplus(of: panelsStart, panels: panels, taps: 1, steps: steps, host: host, executor: executor)
  }

  /// Numbers, pairs or quads along a column.
  var steps: Int { (depth + form.depthsPerStep - 1) / form.depthsPerStep }

  /// Elements that are read at once: enough for the host to decode them fast, little beside the weights of a model.
  private static let pieceCount = 256 << 10

  /// Calls `body` with the elements of `b` from number `first` on: float32, or 16 bits for a narrow form.
  private func withElements(
    of b: Constant, from first: Int, count: Int, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    guard form.isNarrow else { return try b.withElements(from: first, count: count, as: Float.self) { try body($0) } }
    try b.withNarrowElements(from: first, count: count) { try body($0) }
  }

  /// Panels are stored rows that follow each other.
  private func packRows(_ b: Constant, _ scale: Float, _ executor: Executor) throws {
    let width = kernels.raw.panel_columns
    let step = max(1, Self.pieceCount / max(width * depth, 1))
    try executor.parallelTry((panels + step - 1) / step) { piece in
      let first = piece * step
      let rows = min(columns - first * width, step * width)
      try withElements(of: b, from: first * width * depth, count: rows * depth) { source in
        if form == .int8 {
          let numbers = source.assumingMemoryBound(to: Float.self)
          kernels.raw.column_magnitudes(numbers, 1, depth, depth, rows, scales + first * width)
          kernels.raw.column_scales(scales + first * width, (rows + width - 1) / width * width)
        }
        pack(
          source, row: 1, column: depth, depth: depth, columns: rows, scale: scale, panel: first,
          count: (rows + width - 1) / width, to: panelsStart + first * width * steps)
      }
    }
  }

  /// Every stored row has a part of each panel, so the scales of int8 take a pass of their own.
  private func packColumns(_ b: Constant, _ scale: Float, _ executor: Executor) throws {
    let width = kernels.raw.panel_columns
    // A multiple of four, so that no pair or quad is torn apart.
    let step = max(4, Self.pieceCount / max(columns, 1) / 4 * 4)
    func forEachPiece(_ body: (_ source: UnsafeRawPointer, _ first: Int, _ rows: Int) throws -> Void) throws {
      try executor.parallelTry((depth + step - 1) / step) { piece in
        let first = piece * step
        let rows = min(depth - first, step)
        try withElements(of: b, from: first * columns, count: rows * columns) { try body($0, first, rows) }
      }
    }
    if form == .int8 {
      let turn = Mutex(())
      try forEachPiece { source, _, rows in
        try b.host.scratch(repeating: Float(0), count: columns).withPointer { greatest in
          let numbers = source.assumingMemoryBound(to: Float.self)
          kernels.raw.column_magnitudes(numbers, columns, 1, rows, columns, greatest)
          turn.withLock { _ in kernels.raw.column_magnitudes(greatest, columns, 1, 1, columns, scales) }
        }
      }
      kernels.raw.column_scales(scales, panels * width)
    }
    let size = form.isNarrow ? MemoryLayout<UInt16>.size : MemoryLayout<Float>.size
    try forEachPiece { source, first, rows in
      for panel in 0..<panels {
        pack(
          source + panel * width * size, row: columns, column: 1, depth: rows, columns: columns - panel * width,
          scale: scale,
          panel: panel, count: 1, to: panelsStart + (panel * steps + first / form.depthsPerStep) * width)
      }
    }
  }

  /// Packs the first `count` panels of a matrix; the first of them is number `panel` of this one.
  private func pack(
    _ stored: UnsafeRawPointer, row: Int, column: Int, depth: Int, columns: Int, scale: Float, panel: Int,
    count: Int, to target: UnsafeMutablePointer<Float>
  ) {
    let source = stored.assumingMemoryBound(to: Float.self)
    switch form {
    case .float32: kernels.raw.pack(source, row, column, depth, columns, scale, 0, count, target)
    case .narrowFloat16, .narrowBFloat16:
      kernels.raw.pack_narrow(
        stored.assumingMemoryBound(to: UInt16.self), row, column, depth, columns, 0, count,
        UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt16.self), 2 * steps)
    case .bfloat16: kernels.raw.pack_pairs(source, row, column, depth, columns, scale, 0, count, target)
    case .int8:
      kernels.raw.pack_quads(
        source, row, column, depth, columns, scales + panel * kernels.raw.panel_columns, 0, count, target)
    }
  }

  private var panelsStart: UnsafeMutablePointer<Float> { memory.address.assumingMemoryBound(to: Float.self) }
  /// Columns with those that fill up the last panel.
  var paddedColumns: Int { panels * kernels.raw.panel_columns }
  /// Of int8: the columns' scales.
  var scales: UnsafeMutablePointer<Float> { panelsStart + paddedColumns * steps }
  /// Of int8: the sums of the columns' bytes.
  private var sums: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(scales + paddedColumns).assumingMemoryBound(to: Int32.self)
  }

  /// Makes this the right-hand side of `g`, whose left-hand side is in the same form, or float32 if this is narrow.
  func set(_ g: inout zs_gemm) {
    g.b = UnsafePointer(panelsStart)
    if form == .bfloat16 || form == .int8 { g.depth = steps }
    g.form = form.code
    guard form == .int8 else { return }
    g.column_scales = UnsafePointer(scales)
    g.column_sums = UnsafePointer(sums)
    if let surplus { g.surplus = surplus.raw(width: kernels.raw.panel_columns) }
  }
}
