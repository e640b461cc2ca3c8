import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX QLinearMatMul: products of quantized matrices, quantized again; rounded half to even, clamped.
  static func qLinearMatMul(_ host: Host) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("QLinearMatMul", since: 10) { node in
      let type = try node.input(7).type
      guard type == .int8 || type == .uint8, let limits = integerLimits(type) else { throw unsupported(type) }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          let (a, b) = (try inputs[0], try inputs[3])
          let product = try IntegerProduct(a, b)
          let (rows, columns) = (product.rows, product.columns)
          let (aScales, bScales) = (try inputs[1].floats(), try inputs[4].floats())
          let (scales, zeros) = (try inputs[6].floats(), try inputs[7].floats())
          // One for all, or one for each row of the result (each column of it, for B).
          let matrices = outputs.shape(0).reduce(1, *) / (rows * columns)
          for (count, expected) in [
            (aScales.count, rows), (bScales.count, columns), (scales.count, rows), (zeros.count, rows),
          ] where count != 1 && count != expected && count != expected * matrices {
            throw OperatorError("\(count) scales or zero points for \(expected) rows or columns")
          }
          let values = try a.host.scratch(rows * columns, of: Float.self)
          let bytes = rows * columns
          try product.run(
            a, b, aZero: inputs.optional(2), bZero: inputs.optional(5), kernels: kernels, executor: outputs.executor
          ) { matrix, sums in
            for row in 0..<rows {
              let place = matrix * rows + row
              let zero = zeros[place % zeros.count]
              for column in 0..<columns {
                let both = aScales[place % aScales.count] * bScales[(matrix * columns + column) % bScales.count]
                let factor = both / scales[place % scales.count]
                let rounded = (Float(sums[row * columns + column]) * factor).rounded(.toNearestOrEven) + zero
                values[row * columns + column] = min(max(limits.lowerBound, rounded), limits.upperBound)
              }
            }
            try store(values, to: outputs.pointer(0, as: UInt8.self) + matrix * bytes, as: outputs.type(0))
          }
        })
    }
  }
}
