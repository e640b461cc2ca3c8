import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.QuantizedMatMul, which ModelZoo makes of MatMul and Gemm behind DequantizeLinear: the product of matrices of bytes with
  /// what they stand for, as float32. Inputs are A and B as MatMul has them (B transposed where the attribute `transB` says
  /// so), A's scale and zero point, B's scales and zero points: one, or one for each column. All scales are constants.
  static func quantizedMatMul(_ host: ZooHost) -> any Operator { QuantizedMatMul(host: host) }
}

private struct QuantizedMatMul: Operator {
  let signature = Signature("QuantizedMatMul", domain: "zoo", since: 1)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try kernel(node, packed: nil, executor)
  }

  private func kernel(_ node: Node, packed: PackedBytes?, _ executor: Executor) throws -> any Kernel {
    let places = IntegerProduct.Places(a: 0, aZero: 3, b: 1, bZero: 5)
    let isTransposed = try node.attributes.int("transB") ?? 0 != 0
    let product = try IntegerProduct(
      node, places, transposesB: isTransposed, packed: packed, host: host, executor: executor)
    let steps = try ElementwiseSteps(node, shape: shape(node))
    let scales = try scales(node, product.columns)
    let sumBytes = try product.rows.times(product.columns).times(product.pairs.count).times(4).adding(63) / 64 * 64
    let kernels = host.kernels.raw
    return IntegerKernel(
      "integer product", packed: product.packed, input: places.b,
      workspaceByteCount: try product.workspaceByteCount.adding(sumBytes), remake: kernel
    ) { call in
      guard let workspace = call.workspace, !product.isEmpty else { return }
      let sums = workspace.assumingMemoryBound(to: Int32.self)
      try product.run(call, workspaceOffset: sumBytes, into: sums) { matrix, rows, columns in
        steps.withScratch { scratch in
          for row in rows {
            let place = (matrix * product.rows + row) * product.columns + columns.lowerBound
            steps.run(call, kernels, place..<place + columns.count, scratch) { piece, y in
              let column = columns.lowerBound + piece.lowerBound - place
              scales.columns.withUnsafeBufferPointer { columns in
                guard let columns = columns.baseAddress else { return }
                withUnsafePointer(to: scales.a) { a in
                  kernels.scale_integers(
                    sums + piece.lowerBound, piece.count, 1, piece.count, a, columns + column, y, piece.count)
                }
              }
            }
          }
        }
      }
    }
  }

  /// A's scale, and B's for each column.
  private func scales(_ node: Node, _ count: Int) throws -> (a: Float, columns: [Float]) {
    let (a, b) = (try node.input(2), try node.input(4))
    guard a.type == .float32, a.count == 1, b.type == .float32, b.count == 1 || b.count == count, let one = a.data,
      let all = b.data
    else { throw OperatorError("the scales are not known, or not one for each of \(count) columns") }
    let numbers = all.assumingMemoryBound(to: Float.self)
    return (
      one.assumingMemoryBound(to: Float.self).pointee, (0..<count).map { numbers[b.count == 1 ? 0 : $0] }
    )
  }

  private func shape(_ node: Node) throws -> [Int] {
    guard let output = node.output(0), output.hasShape else { throw OperatorError("the result's shape is not known") }
    return output.shape
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    (try? shape(node)).map { ElementwiseSteps.accept(step, in: node, shape: $0) } ?? false
  }
}
