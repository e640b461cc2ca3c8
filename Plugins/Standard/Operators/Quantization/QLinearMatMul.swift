import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX QLinearMatMul: products of quantized matrices, quantized again; rounded half to even, clamped.
  static func qLinearMatMul(_ host: ZooHost) -> any Operator { QLinearMatMul(host: host) }
}

private struct QLinearMatMul: Operator {
  let signature = Signature("QLinearMatMul", since: 10)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try kernel(node, packed: nil, executor)
  }

  private func kernel(_ node: Node, packed: PackedBytes?, _ executor: Executor) throws -> any Kernel {
    let type = try node.input(7).type
    guard type == .int8 || type == .uint8, let limits = integerLimits(type) else { throw unsupported(type) }
    let places = IntegerProduct.Places(a: 0, aZero: 2, b: 3, bZero: 5)
    let product = try IntegerProduct(node, places, packed: packed, host: host, executor: executor)
    let sumBytes = try product.rows.times(product.columns).times(product.pairs.count).times(4)
    let extra = (sumBytes + 63) / 64 * 64
    let kernels = host.kernels.raw
    return IntegerKernel(
      "integer product", packed: product.packed, input: places.b,
      workspaceByteCount: try product.workspaceByteCount.adding(extra), remake: kernel
    ) { call in
      guard let target = call.output(0).data, let workspace = call.workspace, !product.isEmpty else { return }
      let sums = workspace.assumingMemoryBound(to: Int32.self)
      let factors = try Factors(call, product)
      try product.run(call, workspaceOffset: extra, into: sums) { matrix, rows, columns in
        // As many rows at once as have the same factors.
        let count = factors.changeByRow ? 1 : rows.count
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: count) {
          let place = matrix * product.rows + row
          let start = place * product.columns + columns.lowerBound
          let steps = zs_steps(
            scale: 1, zero: factors.zero(of: place), low: limits.lowerBound, high: limits.upperBound)
          kernels.requantize(
            sums + start, product.columns, count, columns.count, nil, columns.map { factors[matrix, row, $0] }, steps,
            target + start, product.columns)
        }
      }
    }
  }

  /// What sums are multiplied by: A's scale times B's, over the result's. Each is one for all, or one for each row
  /// (column, for B) of one matrix, or of all of them.
  private struct Factors {
    private let a, b, result, zeros: Scratch<Float>
    private let rows, columns: Int
    private let pairs: MatrixPairs

    init(_ call: Call, _ product: IntegerProduct) throws {
      (a, b) = (try call.input(1).floats(), try call.input(4).floats())
      (result, zeros) = (try call.input(6).floats(), try call.input(7).floats())
      (rows, columns, pairs) = (product.rows, product.columns, product.pairs)
      // Rows of one matrix of A and of all, columns of B.
      func extents(_ tensor: Int, _ kept: Int, _ other: Int) -> [Int] {
        let shape = call.input(tensor).shape
        if shape.count == 1 { return [1] }
        return [1, shape[shape.count - kept], call.input(tensor).count / max(shape[shape.count - other], 1)]
      }
      let resultRows = extents(0, 2, 1) + [rows * pairs.count]
      for (values, counts) in [
        (a, extents(0, 2, 1)), (b, extents(3, 1, 2)), (result, resultRows), (zeros, resultRows),
      ] where !counts.contains(values.count) {
        throw OperatorError("\(values.count) scales or zero points where one of \(counts) is expected")
      }
    }

    /// Whether rows have factors or zero points of their own.
    var changeByRow: Bool { a.count > 1 || result.count > 1 || zeros.count > 1 }

    func zero(of row: Int) -> Float { zeros[row % zeros.count] }

    subscript(_ matrix: Int, _ row: Int, _ column: Int) -> Float {
      let pair = pairs[matrix]
      let both = a[(pair.a * rows + row) % a.count] * b[(pair.b * columns + column) % b.count]
      return both / result[(matrix * rows + row) % result.count]
    }
  }
}
