import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Det: the determinant of each square matrix, in double precision by Gauss' elimination.
  static func det(_ host: ZooHost) -> any Operator {
    ShapedOperator("Det", since: 11) { _ in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let values = try x.doubles()
          let size = x[dimension: x.rank - 1]
          // Gauss' elimination changes the copy.
          try values.withPointer { values in
            try outputs.writeEach { determinant(values + $0 * size * size, size) }
          }
        })
    }
  }
}

private func determinant(_ a: UnsafeMutablePointer<Double>, _ size: Int) -> Double {
  var result = 1.0
  for column in 0..<size {
    let pivot = (column..<size).max { abs(a[$0 * size + column]) < abs(a[$1 * size + column]) } ?? column
    let value = a[pivot * size + column]
    if value == 0 { return 0 }
    if pivot != column {
      for index in 0..<size { swap(&a[pivot * size + index], &a[column * size + index]) }
      result = -result
    }
    result *= value
    for row in (column + 1)..<size {
      let factor = a[row * size + column] / value
      for index in column..<size { a[row * size + index] -= factor * a[column * size + index] }
    }
  }
  return result
}
