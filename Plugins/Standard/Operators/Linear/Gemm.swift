import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Gemm: alpha · A · B + beta · C, with A and B transposed on demand.
  static func gemm(_ host: ZooHost) -> any Operator { Gemm(host: host) }
}

private struct Gemm: Operator {
  let signature = Signature("Gemm", since: 1)
  let host: ZooHost

  private struct Sizes {
    var rows, columns, depth: Int
    var transposeA, transposeB: Bool
    var alpha, beta: Float
    /// C's shape with the dimensions that opset 1's and 6's `broadcast` may leave out.
    var c: [Int]?
  }

  private func sizes(_ node: Node) throws -> Sizes {
    let (a, b) = (try node.input(0), try node.input(1))
    guard a.rank == 2, b.rank == 2 else {
      throw OperatorError("Gemm multiplies matrices, not tensors of shapes \(a.shape) and \(b.shape)")
    }
    guard a.type == b.type else { throw OperatorError("A is \(a.type.name), B is \(b.type.name)") }
    let attributes = node.attributes
    let transposeA = try attributes.int("transA") ?? 0 != 0
    let transposeB = try attributes.int("transB") ?? 0 != 0
    let depth = a[dimension: transposeA ? 0 : 1]
    guard depth == b[dimension: transposeB ? 1 : 0] else {
      throw OperatorError(
        "A of shape \(a.shape)\(transposeA ? " transposed" : "") does not fit B of shape \(b.shape)"
          + (transposeB ? " transposed" : ""))
    }
    var sizes = Sizes(
      rows: a[dimension: transposeA ? 1 : 0], columns: b[dimension: transposeB ? 0 : 1], depth: depth,
      transposeA: transposeA, transposeB: transposeB, alpha: try attributes.float("alpha") ?? 1,
      beta: try attributes.float("beta") ?? 1)
    if node.ownInputCount > 2, let c = node.optionalInput(2) {
      guard c.type == a.type, c.rank <= 2,
        (try? broadcastShape([c.shape, [sizes.rows, sizes.columns]])) == [sizes.rows, sizes.columns]
      else {
        throw OperatorError(
          "C (\(c.type.name) of shape \(c.shape)) doesn't broadcast to the result's [\(sizes.rows), \(sizes.columns)]")
      }
      sizes.c = c.shape
    }
    return sizes
  }

  private func epilogue(_ node: Node, _ sizes: Sizes, adding step: Step? = nil) throws -> ProductEpilogue {
    let shape = [sizes.rows, sizes.columns]
    let own = try sizes.c.map { [try ProductEpilogue.addend(2, $0, result: shape, scale: sizes.beta)] } ?? []
    return try ProductEpilogue(own: own, steps: node.epilogue + (step.map { [$0] } ?? []), node: node, shape: shape)
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let a = try? node.input(0), a.type == .float32, let sizes = try? sizes(node) else { return false }
    return (try? epilogue(node, sizes, adding: step)) != nil
  }

  func inputsInPieces(_ node: Node) -> [Int] { (try? node.input(1).type) == .float32 ? [1] : [] }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let sizes = try sizes(node)
    let type = try node.input(0).type
    guard type == .float32 else {
      guard node.epilogue.isEmpty else { throw ProductEpilogue.refusal }
      return try typedKernel(node, sizes, type)
    }
    let (bRow, bColumn) = sizes.transposeB ? (1, sizes.depth) : (sizes.columns, 1)
    var packed: PackedMatrix?
    if let constant = node.constant(1) {
      packed = try PackedMatrix(
        constant, isTransposed: sizes.transposeB, depth: sizes.depth, columns: sizes.columns, scale: sizes.alpha,
        form: PackedMatrix.Form(
          node, constant, depth: sizes.depth, columns: sizes.columns, scale: sizes.alpha), host: host,
        executor: executor)
    }
    return try kernel(node, sizes, packed: packed, bRow: bRow, bColumn: bColumn)
  }

  private func kernel(_ node: Node, _ sizes: Sizes, packed: PackedMatrix?, bRow: Int, bColumn: Int) throws
    -> MatrixKernel
  {
    MatrixKernel(
      MatrixKernel.Plan(
        rows: sizes.rows, columns: sizes.columns, depth: sizes.depth, transposeA: sizes.transposeA,
        batches: .one, bRow: bRow, bColumn: bColumn, scale: sizes.alpha,
        range: node.calibratedRange(0), epilogue: try epilogue(node, sizes)),
      packed: packed, host: host
    ) { node, packed in
      // The packed weights serve any number of rows.
      let new = try self.sizes(node)
      guard new.columns == sizes.columns, new.depth == sizes.depth else { return nil }
      return try self.kernel(node, new, packed: packed, bRow: bRow, bColumn: bColumn)
    }
  }

  private func typedKernel(_ node: Node, _ sizes: Sizes, _ type: ElementType) throws -> any Kernel {
    guard zs_typed_matmul(type.rawValue, nil, 0, 0, nil, 0, 0, nil, 0, 0, 0) == 1 else { throw unsupported(type) }
    let isa = host.isa.rawValue
    let addition = sizes.c.map { Broadcast([[sizes.rows, sizes.columns], $0], to: [sizes.rows, sizes.columns]) }
    return ClosureKernel { call in
      let (a, b, y) = (call.input(0).data, call.input(1).data, call.output(0).data)
      guard let y else { return }
      let (aRow, aColumn) = sizes.transposeA ? (1, sizes.rows) : (sizes.depth, 1)
      let (bRow, bColumn) = sizes.transposeB ? (1, sizes.depth) : (sizes.columns, 1)
      if type == .float64, sizes.depth > 0,
        zs_blas_dgemm(
          isa, sizes.transposeA ? 1 : 0, sizes.transposeB ? 1 : 0, Int64(sizes.rows), Int64(sizes.columns),
          Int64(sizes.depth), 1, a?.assumingMemoryBound(to: Double.self),
          Int64(max(1, sizes.transposeA ? sizes.rows : sizes.depth)), b?.assumingMemoryBound(to: Double.self),
          Int64(max(1, sizes.transposeB ? sizes.depth : sizes.columns)), 0, y.assumingMemoryBound(to: Double.self),
          Int64(max(1, sizes.columns))) == 1
      {
      } else {
        _ = zs_typed_matmul(
          type.rawValue, a, aRow, aColumn, b, bRow, bColumn, y, sizes.rows, sizes.columns, sizes.depth)
      }
      let size = try type.elementByteCount
      let count = sizes.rows * sizes.columns
      try scale(y, by: sizes.alpha, type: type, count: count)
      guard let addition, let c = call.input(2).data else { return }
      let addend = try call.host.allocate(max(call.input(2).count, 1).times(size))
      addend.address.copyMemory(from: c, byteCount: call.input(2).count * size)
      try scale(addend.address, by: sizes.beta, type: type, count: call.input(2).count)
      withExtendedLifetime(addend) {
        addition.forEach(call.executor) { place, offsets, count in
          _ = zs_typed_binary(
            type.rawValue, ZS_ADD.code, y + place * size, 1, addend.address + offsets[1] * size, addition.steps[1],
            y + place * size, count)
        }
      }
    }
  }
}

/// values *= factor.
private func scale(_ values: UnsafeMutableRawPointer, by factor: Float, type: ElementType, count: Int) throws {
  guard factor != 1 else { return }
  var double = Double(factor)
  var converted: UInt64 = 0
  guard zs_cast(ElementType.float64.rawValue, type.rawValue, &double, &converted, 1, 1) == 1,
    zs_typed_binary(type.rawValue, ZS_MUL.code, values, 1, &converted, 0, values, count) == 1
  else { throw unsupported(type) }
}
