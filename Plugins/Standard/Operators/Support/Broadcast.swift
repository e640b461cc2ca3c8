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

  /// By array: how far a row begins behind the one before.
  var rowSteps: [Int] { strides.map { $0.last ?? 0 } }

  /// Calls `body` for stretches that cover the result: where they begin in it and in each array, and their length.
  func forEach(
    _ executor: Executor, grain: Int = 16384, _ body: (_ result: Int, _ arrays: [Int], _ count: Int) -> Void
  ) {
    let rowSteps = rowSteps
    forEachBlock(executor, grain: grain) { result, arrays, rows, count in
      var arrays = arrays
      for row in 0..<rows {
        body(result + row * count, arrays, count)
        for array in arrays.indices { arrays[array] += rowSteps[array] }
      }
    }
  }

  /// The same for blocks of rows that are `rowSteps` apart in each array, or parts of a row.
  func forEachBlock(
    _ executor: Executor, grain: Int = 16384,
    _ body: (_ result: Int, _ arrays: [Int], _ rows: Int, _ count: Int) -> Void
  ) {
    guard rowLength > 0, rowCount > 0 else { return }
    guard let height = outer.last else {
      executor.parallelRanges(rowLength, grain: grain) { range in
        body(range.lowerBound, steps.map { $0 * range.lowerBound }, 1, range.count)
      }
      return
    }
    executor.parallelRanges(rowCount, grain: max(1, grain / rowLength)) { range in
      var row = range.lowerBound
      while row < range.upperBound {
        let count = min(height - row % height, range.upperBound - row)
        body(row * rowLength, offsets(ofRow: row), count, rowLength)
        row += count
      }
    }
  }

  /// Where a row begins in each array.
  private func offsets(ofRow row: Int) -> [Int] {
    strides.map { strides in
      var (rest, offset) = (row, 0)
      for (extent, stride) in zip(outer, strides).reversed() {
        offset += rest % extent * stride
        rest /= extent
      }
      return offset
    }
  }

  /// How an array of two repeats beside the other one, which is as large as the result: the rows of a block, its own block's
  /// size, row's and element's; `nil` where that takes more.
  var repeats: (rows: Int, blockStep: Int, rowStep: Int, step: Int)? {
    guard steps.count == 2, steps[0] == 1, outer.count <= 2 else { return nil }
    return (outer.last ?? 1, outer.count == 2 ? strides[1][0] : 0, rowSteps[1], steps[1])
  }
}

/// Calls `body` for the rows of `length` elements that `piece` of a dense array goes through, as many at once as one block of
/// `height` rows has, or for a part of one at its ends: where they begin, the row and column there, how many, and their length.
func forEachRows(
  of piece: Range<Int>, length: Int, height: Int = .max,
  _ body: (_ place: Int, _ row: Int, _ column: Int, _ rows: Int, _ count: Int) -> Void
) {
  var place = piece.lowerBound
  while place < piece.upperBound {
    let (row, column) = place.quotientAndRemainder(dividingBy: length)
    let left = piece.upperBound - place
    let whole = column == 0 ? min(height - row % height, left / length) : 0
    let (rows, count) = whole > 0 ? (whole, length) : (1, min(length - column, left))
    body(place, row, column, rows, count)
    place += rows * count
  }
}
