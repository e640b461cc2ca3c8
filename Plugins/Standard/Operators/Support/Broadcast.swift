import PluginSupport
import ZooPlugin

/// The shape by which `operand` broadcasts to `shape`. Before operator set 7 it may begin at dimension `axis`.
func aligned(_ operand: [Int], to shape: [Int], axis: Int?) throws -> [Int] {
  guard let axis else { return operand }
  let first = try normalized(axis: axis, rank: max(shape.count, 1))
  guard first + operand.count <= shape.count else {
    throw OperatorError("the shape \(operand) doesn't fit into \(shape) from axis \(first) on")
  }
  return operand + [Int](repeating: 1, count: shape.count - first - operand.count)
}

/// How dense arrays broadcast against each other, as rows over which each array either runs along or stays.
struct Broadcast: Sendable {
  /// The elements of one row.
  let rowLength: Int
  let rowCount: Int
  /// By array: 1 where it runs along a row, 0 where one element serves all of it.
  let steps: [Int]
  private let outer: [Int]
  /// By array, then dimension of `outer`, in elements.
  private let strides: [[Int]]

  /// - Parameter shape: what the arrays broadcast to.
  init(_ arrays: [[Int]], to shape: [Int]) {
    // Neighbouring dimensions in which every array does the same (runs or repeats) become one.
    var extents: [Int] = []
    var runs: [[Bool]] = []
    for (index, extent) in shape.enumerated() where extent != 1 {
      let pattern = arrays.map { array in
        let place = index - (shape.count - array.count)
        return place >= 0 && array[place] != 1
      }
      if runs.last == pattern {
        extents[extents.count - 1] *= extent
      } else {
        extents.append(extent)
        runs.append(pattern)
      }
    }
    rowLength = extents.last ?? 1
    outer = Array(extents.dropLast())
    rowCount = outer.reduce(1, *)
    steps = arrays.indices.map { array in runs.last.map { $0[array] ? 1 : 0 } ?? 0 }
    strides = arrays.indices.map { array in
      var stride = 1
      var result: [Int] = []
      for index in extents.indices.reversed() {
        result.append(runs[index][array] ? stride : 0)
        if runs[index][array] { stride *= extents[index] }
      }
      return Array(result.reversed().dropLast())
    }
  }

  /// Calls `body` for stretches that cover the result: where they begin in it and in each array, and their length.
  func forEach(
    _ executor: Executor, grain: Int = 16384, _ body: (_ result: Int, _ arrays: [Int], _ count: Int) -> Void
  ) {
    guard rowLength > 0, rowCount > 0 else { return }
    if rowCount == 1 {
      executor.parallelRanges(rowLength, grain: grain) { range in
        body(range.lowerBound, steps.map { $0 * range.lowerBound }, range.count)
      }
      return
    }
    executor.parallelRanges(rowCount, grain: max(1, grain / rowLength)) { range in
      var position = [Int](repeating: 0, count: outer.count)
      var rest = range.lowerBound
      for index in outer.indices.reversed() {
        position[index] = rest % outer[index]
        rest /= outer[index]
      }
      var offsets = strides.map { zip($0, position).reduce(0) { $0 + $1.0 * $1.1 } }
      for row in range {
        body(row * rowLength, offsets, rowLength)
        var index = outer.count - 1
        while index >= 0 {
          position[index] += 1
          for array in offsets.indices { offsets[array] += strides[array][index] }
          if position[index] < outer[index] { break }
          for array in offsets.indices { offsets[array] -= strides[array][index] * outer[index] }
          position[index] = 0
          index -= 1
        }
      }
    }
  }
}
