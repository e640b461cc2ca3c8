import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX TopK: the k largest (or smallest) values along an axis, in order, and their places; of equals the first.
  static func topK(_ host: ZooHost) -> any Operator {
    ShapedOperator("TopK") { node in
      let axis = try node.attributes.int("axis") ?? -1
      let largest = try node.attributes.int("largest") ?? 1 != 0
      return ShapedOperator.Form(
        shapes: { inputs in
          var shape = try inputs[0].shape
          let axis = try normalized(axis: axis, rank: shape.count)
          let k = try inputs.int(1)
          guard k >= 0, k <= shape[axis] else { throw OperatorError("k is \(k), the axis holds \(shape[axis])") }
          shape[axis] = k
          return [shape, shape]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) || outputs.isWritable(1) else { return }
          let axis = try normalized(axis: axis, rank: x.rank)
          switch x.type {
          case .float32 where x.shape[axis] <= Int(UInt32.max):
            FloatRanks(x, axis: axis, largest, outputs).run(outputs.executor)
          // Doubles don't hold all integers of 64 bits.
          case .int64: try choose(x.pointer(as: Int64.self), x, axis: axis, largest, outputs)
          case .uint64: try choose(x.pointer(as: UInt64.self), x, axis: axis, largest, outputs)
          default:
            try x.doubles().withPointer { try choose($0, x, axis: axis, largest, outputs) }
          }
        })
    }
  }
}

/// The first values of rows of float32 in order.
private struct FloatRanks: @unchecked Sendable {
  private let values: UnsafeMutablePointer<Float>
  private let view: AxisView
  private let count: Int
  private let largest: Bool
  private let chosen: UnsafeMutablePointer<Float>?
  private let places: UnsafeMutablePointer<Int64>?

  init(_ x: TensorView, axis: Int, _ largest: Bool, _ outputs: Outputs) {
    (values, view, self.largest) = (x.pointer(), AxisView(x.shape, axis: axis), largest)
    count = outputs.shape(outputs.data(0) == nil ? 1 : 0)[axis]
    chosen = outputs.data(0)?.assumingMemoryBound(to: Float.self)
    places = outputs.data(1)?.assumingMemoryBound(to: Int64.self)
  }

  func run(_ executor: Executor) {
    guard count > 0 else { return }
    // Many of a row are sorted with the rest of it.
    let sortsAll = count > view.length / 4
    executor.parallelRanges(view.outer * view.inner, grain: max(1, 8192 / view.length)) { rows in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: sortsAll ? view.length : count) { ranks in
        for row in rows {
          let first = row / view.inner * view.length * view.inner + row % view.inner
          if sortsAll { sort(first, ranks) } else { select(first, ranks) }
          write(ranks, first, target: row / view.inner * count * view.inner + row % view.inner)
        }
      }
    }
  }

  /// A number that is less for values that come first, and among equal ones for the first: of NaN that of what is greater
  /// than all numbers.
  @inline(__always) private func rank(_ value: Float, _ place: Int) -> UInt64 {
    let bits = Int32(bitPattern: (value + 0).bitPattern)
    let order = value != value ? Int32.max : bits ^ (bits >> 31 & Int32.max)
    let ascending = UInt32(bitPattern: largest ? ~order : order) ^ 1 << 31
    return UInt64(ascending) << 32 | UInt64(truncatingIfNeeded: place)
  }

  private func sort(_ first: Int, _ ranks: UnsafeMutableBufferPointer<UInt64>) {
    for place in 0..<view.length { ranks[place] = rank(values[first + place * view.inner], place) }
    var sorted = ranks
    sorted.sort()
  }

  /// The least ranks, in a heap with the greatest on top until all have been seen.
  private func select(_ first: Int, _ ranks: UnsafeMutableBufferPointer<UInt64>) {
    for place in 0..<count { ranks[place] = rank(values[first + place * view.inner], place) }
    for start in (0..<count / 2).reversed() { sink(start, ranks) }
    for place in count..<view.length {
      let next = rank(values[first + place * view.inner], place)
      guard next < ranks[0] else { continue }
      ranks[0] = next
      sink(0, ranks)
    }
    var sorted = ranks
    sorted.sort()
  }

  private func sink(_ start: Int, _ ranks: UnsafeMutableBufferPointer<UInt64>) {
    let moved = ranks[start]
    var place = start
    while 2 * place + 1 < count {
      var child = 2 * place + 1
      if child + 1 < count, ranks[child] < ranks[child + 1] { child += 1 }
      guard moved < ranks[child] else { break }
      ranks[place] = ranks[child]
      place = child
    }
    ranks[place] = moved
  }

  private func write(_ ranks: UnsafeMutableBufferPointer<UInt64>, _ first: Int, target: Int) {
    for rank in 0..<count {
      let place = Int(truncatingIfNeeded: ranks[rank] & 0xffff_ffff)
      let to = target + rank * view.inner
      if let chosen { chosen[to] = values[first + place * view.inner] }
      if let places { places[to] = Int64(place) }
    }
  }
}

private func choose<Element: Comparable>(
  _ values: UnsafePointer<Element>, _ x: TensorView, axis: Int, _ largest: Bool, _ outputs: Outputs
) throws {
  let view = AxisView(x.shape, axis: axis)
  let k = outputs.shape(outputs.data(0) == nil ? 1 : 0)[axis]
  let size = try x.elementByteCount
  let order = try x.host.scratch(k, of: Int.self)
  for row in 0..<view.outer * view.inner {
    let first = row / view.inner * view.length * view.inner + row % view.inner
    order.select(from: 0..<view.length) { left, right in
      let (a, b) = (values[first + left * view.inner], values[first + right * view.inner])
      if a == b { return left < right }
      // NaN is greater than all numbers.
      let (isOdd, isOther) = (a != a, b != b)
      if isOdd || isOther { return isOdd && isOther ? left < right : isOdd == largest }
      return largest ? a > b : a < b
    }
    let target = row / view.inner * k * view.inner + row % view.inner
    for (rank, place) in order.enumerated() {
      let to = target + rank * view.inner
      if let data = outputs.data(0), let source = x.data {
        (data + to * size).copyMemory(from: source + (first + place * view.inner) * size, byteCount: size)
      }
      if outputs.data(1) != nil { outputs.pointer(1, as: Int64.self)[to] = Int64(place) }
    }
  }
}
