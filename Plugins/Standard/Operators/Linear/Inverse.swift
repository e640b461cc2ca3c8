import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// com.microsoft Inverse: the inverse of each square matrix, in double precision by Gauss' and Jordan's elimination. One
  /// that has none gives infinities and what is no number.
  static func inverse(_ host: ZooHost) -> any Operator {
    ShapedOperator("Inverse", domain: "com.microsoft", since: 1) { _ in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          let size = x[dimension: x.rank - 1]
          guard outputs.isWritable(0), size > 0 else { return }
          let values = try x.doubles()
          try values.withPointer { values in
            for matrix in 0..<x.count / (size * size) { invert(values + matrix * size * size, size) }
            try outputs.writeEach { values[$0] }
          }
        })
    }
  }
}

/// Puts the inverse of a matrix in its place. Each column of it grows where elimination empties one of `a`.
private func invert(_ a: UnsafeMutablePointer<Double>, _ size: Int) {
  var pivots = [Int](0..<size)
  for column in 0..<size {
    let pivot = (column..<size).max { abs(a[$0 * size + column]) < abs(a[$1 * size + column]) } ?? column
    pivots[column] = pivot
    if pivot != column {
      for index in 0..<size { swap(&a[pivot * size + index], &a[column * size + index]) }
    }
    let value = a[column * size + column]
    a[column * size + column] = 1
    for index in 0..<size { a[column * size + index] /= value }
    for row in 0..<size where row != column {
      let factor = a[row * size + column]
      a[row * size + column] = 0
      for index in 0..<size { a[row * size + index] -= factor * a[column * size + index] }
    }
  }
  // Rows that changed places are columns of the inverse that do.
  for column in (0..<size).reversed() where pivots[column] != column {
    for row in 0..<size { swap(&a[row * size + column], &a[row * size + pivots[column]]) }
  }
}
