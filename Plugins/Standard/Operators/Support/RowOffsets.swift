import PluginSupport
import ZooPlugin

/// Where the rows (runs of the last dimension) of an array of `shape` begin in memory of other strides.
struct RowOffsets: Sendable {
  private let outer: [Int]
  private let strides: [Int]
  /// Elements of a row.
  let width: Int
  let count: Int

  /// - Parameter strides: by dimension of `shape`, the last one left aside.
  init(_ shape: [Int], strides: [Int]) {
    outer = Array(shape.dropLast())
    width = shape.last ?? 1
    self.strides = Array(strides.prefix(outer.count))
    count = outer.reduce(1, *)
  }

  subscript(_ row: Int) -> Int {
    var (rest, offset) = (row, 0)
    for axis in outer.indices.reversed() {
      offset += rest % outer[axis] * strides[axis]
      rest /= outer[axis]
    }
    return offset
  }
}

/// `index` counted from the front.
///
/// - Throws: `OperatorError` where it is outside -extent..<extent.
@inline(__always)
func place(_ index: Int, in extent: Int, axis: Int) throws -> Int {
  guard index >= -extent, index < extent else { throw outside(index, extent, axis) }
  return index < 0 ? index + extent : index
}

private func outside(_ index: Int, _ extent: Int, _ axis: Int) -> OperatorError {
  OperatorError("index \(index) is outside the \(extent) places of axis \(axis)")
}
