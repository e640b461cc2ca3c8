import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX MatMul: NumPy's matmul.
  static func matMul(_ host: ZooHost) -> any Operator { MatMul(host: host) }
}

private struct MatMul: Operator {
  let signature = Signature("MatMul", since: 1)
  let host: ZooHost

  private struct Sizes {
    var rows, columns, depth: Int
    /// The result's shape, and the shapes of A's and B's stacks of matrices and what they broadcast to.
    var shape, aStack, bStack, stack: [Int]
  }

  private func sizes(_ node: Node) throws -> Sizes {
    let (a, b) = (try node.input(0), try node.input(1))
    guard a.rank > 0, b.rank > 0 else { throw OperatorError("MatMul does not multiply scalars") }
    guard a.type == b.type else { throw OperatorError("the operands are \(a.type.name) and \(b.type.name)") }
    // A vector is one row on the left, one column on the right, and the result loses that dimension.
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    let right = b.rank == 1 ? b.shape + [1] : b.shape
    guard left[left.count - 1] == right[right.count - 2] else {
      throw OperatorError("a tensor of shape \(a.shape) can't be multiplied by one of shape \(b.shape)")
    }
    let (aStack, bStack) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    let stack = try broadcastShape([aStack, bStack])
    let (rows, columns) = (left[left.count - 2], right[right.count - 1])
    return Sizes(
      rows: rows, columns: columns, depth: left[left.count - 1],
      shape: stack + (a.rank == 1 ? [] : [rows]) + (b.rank == 1 ? [] : [columns]), aStack: aStack, bStack: bStack,
      stack: stack)
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let a = try? node.input(0), a.type == .float32, let sizes = try? sizes(node),
      (try? node.input(1).rank) ?? 0 > 1, a.rank > 1
    else { return false }
    return (try? ProductEpilogue(own: [], steps: node.epilogue + [step], node: node, shape: sizes.shape)) != nil
  }

  func inputsInPieces(_ node: Node) -> [Int] {
    guard let b = try? node.input(1), b.type == .float32, b.shape.dropLast(2).allSatisfy({ $0 == 1 }) else { return [] }
    return [1]
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let sizes = try sizes(node)
    let b = try node.input(1)
    let type = b.type
    guard type == .float32 else {
      guard zs_typed_matmul(type.rawValue, nil, 0, 0, nil, 0, 0, nil, 0, 0, 0) == 1 else { throw unsupported(type) }
      return typedKernel(sizes, type)
    }
    var packed: PackedMatrix?
    if let constant = node.constant(1), sizes.bStack.allSatisfy({ $0 == 1 }) {
      packed = try PackedMatrix(
        constant, isTransposed: false, depth: sizes.depth, columns: sizes.columns, scale: 1,
        form: PackedMatrix.Form(node, constant, depth: sizes.depth, columns: sizes.columns), host: host,
        executor: executor)
    }
    return try kernel(node, sizes, packed: packed, workers: executor.workerCount)
  }

  private func kernel(_ node: Node, _ sizes: Sizes, packed: PackedMatrix?, workers: Int) throws -> MatrixKernel {
    let epilogue = try ProductEpilogue(own: [], steps: node.epilogue, node: node, shape: sizes.shape)
    var plan = MatrixKernel.Plan(
      rows: sizes.rows, columns: sizes.columns, depth: sizes.depth, batches: Self.batches(sizes), bRow: sizes.columns,
      bColumn: 1, range: node.calibratedRange(0), workers: workers, epilogue: epilogue)
    if sizes.bStack.allSatisfy({ $0 == 1 }), sizes.stack.reduce(1, *) == sizes.aStack.reduce(1, *) {
      // One matrix for all of A: its rows follow each other, so it is one product.
      plan.rows *= sizes.stack.reduce(1, *)
      plan.batches = .one
    }
    return MatrixKernel(plan, packed: packed, host: host) { node, packed in
      let new = try self.sizes(node)
      guard new.columns == sizes.columns, new.depth == sizes.depth else { return nil }
      return try self.kernel(node, new, packed: packed, workers: workers)
    }
  }

  private static func batches(_ sizes: Sizes) -> MatrixPairs {
    MatrixPairs(sizes.aStack, sizes.bStack, stack: sizes.stack)
  }

  private func typedKernel(_ sizes: Sizes, _ type: ElementType) -> any Kernel {
    let isa = host.isa.rawValue
    let batches = Self.batches(sizes)
    return ClosureKernel { call in
      guard let y = call.output(0).data else { return }
      let (a, b) = (call.input(0).pointer(as: UInt8.self), call.input(1).pointer(as: UInt8.self))
      let size = try type.elementByteCount
      let (rows, columns, depth) = (sizes.rows, sizes.columns, sizes.depth)
      guard rows > 0, columns > 0 else { return }
      for index in 0..<batches.count {
        let batch = batches[index]
        let left = UnsafeRawPointer(a + batch.a * rows * depth * size)
        let right = UnsafeRawPointer(b + batch.b * depth * columns * size)
        let result = y + index * rows * columns * size
        call.executor.parallelRanges(rows, grain: max(1, 65536 / max(1, columns * depth))) { range in
          let left = left + range.lowerBound * depth * size
          let result = result + range.lowerBound * columns * size
          if type == .float64, depth > 0, columns > 0,
            zs_blas_dgemm(
              isa, 0, 0, Int64(range.count), Int64(columns), Int64(depth), 1,
              left.assumingMemoryBound(to: Double.self), Int64(depth), right.assumingMemoryBound(to: Double.self),
              Int64(columns), 0, result.assumingMemoryBound(to: Double.self), Int64(columns)) == 1
          {
            return
          }
          _ = zs_typed_matmul(type.rawValue, left, depth, 1, right, columns, 1, result, range.count, columns, depth)
        }
      }
    }
  }
}
