import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.BlockMatMul, which ModelZoo makes of products by weights in GGUF's blocks: A (…, rows, depth) by the transposed B, bytes
  /// (columns, bytes of a row) in blocks of ggml's type number `type`. A is rounded to 8 bits in blocks of 32, unless products
  /// have to be exact.
  static func blockMatMul(_ host: ZooHost) -> any Operator { BlockMatMul(host: host) }
}

private struct BlockMatMul: Operator {
  let signature = Signature("BlockMatMul", domain: "zoo", since: 1)
  let host: ZooHost

  private func sizes(_ node: Node) throws -> BlockProduct.Sizes {
    let (a, b) = (try node.input(0), try node.input(1))
    let type = try WeightType(node)
    guard a.type == .float32, a.rank >= 2, b.type == .uint8, b.rank == 2, let depth = a.shape.last,
      depth % type.count == 0, b[dimension: 1] == depth / type.count * type.byteCount
    else { throw OperatorError("\(a.shape) and blocks of shape \(b.shape) can't be multiplied") }
    let stack = Array(a.shape.dropLast())
    return BlockProduct.Sizes(stack: stack, rows: stack.reduce(1, *), columns: b[dimension: 0], depth: depth)
  }

  private func epilogue(_ node: Node, adding step: Step? = nil) throws -> ProductEpilogue {
    let sizes = try sizes(node)
    return try ProductEpilogue(
      own: [], steps: node.epilogue + (step.map { [$0] } ?? []), node: node,
      shape: sizes.stack + [sizes.columns])
  }

  func accepts(_ step: Step, in node: Node) -> Bool { (try? epilogue(node, adding: step)) != nil }

  func inputsInPieces(_ node: Node) -> [Int] { [1] }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let sizes = try sizes(node)
    guard let constant = node.constant(1) else {
      throw OperatorError("the blocks are not constant", kind: .unsupported)
    }
    let matrix = try BlockMatrix(
      constant, type: WeightType(node), columns: sizes.columns, depth: sizes.depth, host: host, executor: executor)
    return try kernel(node, matrix)
  }

  private func kernel(_ node: Node, _ matrix: BlockMatrix) throws -> BlockProduct {
    BlockProduct(
      try sizes(node), isExact: node.isExact, epilogue: try epilogue(node), matrix: matrix, host: host, remake: kernel)
  }
}

/// The rows of a matrix in blocks, sixteen of them a panel (weight_blocks.h). Kernels of other shapes share it.
private final class BlockMatrix: Sendable {
  let type: WeightType
  private let memory: HostMemory

  /// Bytes that are read at once.
  private static let pieceBytes = 1 << 20

  init(_ constant: Constant, type: WeightType, columns: Int, depth: Int, host: ZooHost, executor: Executor) throws {
    self.type = type
    let width = Int(ZS_WEIGHT_COLUMNS)
    let panels = (columns + width - 1) / width
    let panelBytes = depth / type.count * zs_packed_block_bytes(type.raw)
    let rowBytes = depth / type.count * type.byteCount
    memory = try host.allocate(max(1, panels.times(panelBytes)))
    let step = max(1, Self.pieceBytes / max(1, width * rowBytes))
    try executor.parallelTry((panels + step - 1) / step) { piece in
      let first = piece * step
      let rows = min(columns - first * width, step * width)
      try constant.withElements(from: first * width * rowBytes, count: rows * rowBytes, as: UInt8.self) { blocks in
        zs_pack_weight_blocks(type.raw, blocks, depth, rows, memory.address + first * panelBytes)
      }
    }
  }

  /// Makes this the right-hand side of `g`.
  func set(_ g: inout zs_gemm) {
    g.b = UnsafePointer(memory.address.assumingMemoryBound(to: Float.self))
    g.weight_type = type.raw.pointee.code
  }
}

private final class BlockProduct: Kernel {
  struct Sizes: Sendable {
    /// The extents of A but for the last.
    var stack: [Int]
    /// Their product.
    var rows: Int
    var columns, depth: Int
  }

  /// Rows that are multiplied by a panel which is unpacked once: few enough for the cache, a multiple of the tile's.
  private static let tall = 516
  private static let tileRows = 12

  private let sizes: Sizes
  private let isExact: Bool
  private let epilogue: ProductEpilogue
  private let matrix: BlockMatrix
  private let host: ZooHost
  private let remake: @Sendable (Node, BlockMatrix) throws -> BlockProduct

  init(
    _ sizes: Sizes, isExact: Bool, epilogue: ProductEpilogue, matrix: BlockMatrix, host: ZooHost,
    remake: @escaping @Sendable (Node, BlockMatrix) throws -> BlockProduct
  ) {
    (self.sizes, self.isExact, self.epilogue) = (sizes, isExact, epilogue)
    (self.matrix, self.host, self.remake) = (matrix, host, remake)
  }

  var consumedInputs: [Int] { [1] }

  var summary: String? { "product of blocks" + (isExact ? ", exact" : "") + (epilogue.isEmpty ? "" : ", fused") }

  private var rowByteCount: Int { host.blockKernels.row_bytes(matrix.type.raw, sizes.depth) }

  var workspaceByteCount: Int { isExact ? 0 : sizes.rows * rowByteCount }

  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? { try remake(node, matrix) }

  func run(_ call: Call) throws {
    guard let y = call.output(0).data?.assumingMemoryBound(to: Float.self), sizes.rows > 0, sizes.columns > 0 else {
      return
    }
    var g = zs_gemm()
    g.a = UnsafePointer(call.input(0).pointer(as: Float.self))
    (g.a_stride, g.c, g.c_stride) = (sizes.depth, y, sizes.columns)
    (g.rows, g.columns, g.depth) = (sizes.rows, sizes.columns, sizes.depth)
    g.form = isExact ? ZS_EXACT_WEIGHTS.code : ZS_WEIGHTS.code
    matrix.set(&g)
    epilogue.set(&g, call)
    if !isExact, let workspace = call.workspace {
      round(call.input(0).pointer(as: Float.self), to: workspace, call.executor)
      g.a = UnsafePointer(workspace.assumingMemoryBound(to: Float.self))
    }
    let product = g
    let tiles = ProductTiles(
      rows: sizes.rows, columns: sizes.columns, depth: sizes.depth, panelColumns: Int(ZS_WEIGHT_COLUMNS),
      unit: Self.tileRows, workers: call.executor.workerCount, tall: Self.tall)
    let kernels = host.blockKernels
    tiles.forEach(on: call.executor) { rows, panels in
      withUnsafePointer(to: product) {
        kernels.multiply($0, rows.lowerBound, rows.upperBound, panels.lowerBound, panels.upperBound)
      }
    }
  }

  private func round(_ a: UnsafePointer<Float>, to target: UnsafeMutableRawPointer, _ executor: Executor) {
    let (kernels, unit, bytes) = (host.blockKernels, Self.tileRows, rowByteCount)
    executor.parallelRanges((sizes.rows + unit - 1) / unit, grain: max(1, 4096 / max(unit * sizes.depth, 1))) { range in
      let first = range.lowerBound * unit
      let rows = min(range.upperBound * unit, sizes.rows) - first
      kernels.round_rows(matrix.type.raw, a + first * sizes.depth, sizes.depth, rows, target + first * bytes)
    }
  }
}

extension ZooHost {
  /// Here, as KernelSupport would have every plugin link them.
  fileprivate var blockKernels: zs_weight_kernels { zs_weight_kernels_for(isa.rawValue, multipliesQuads).pointee }
}
