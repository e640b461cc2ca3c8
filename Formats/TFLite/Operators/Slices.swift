import GraphWriter
import ZooCore

extension LiteConverter {
  static let slices: [String: Rule] = [
    "STRIDED_SLICE": { try $0.stridedSlice() },
    "SLICE": { try $0.slice() },
    "DYNAMIC_UPDATE_SLICE": { try $0.updateSlice(starts: $0.elements(2, count: $0.needInput(0).shape.count)) },
  ]

  /// What STRIDED_SLICE does with one axis.
  private struct AxisSlice {
    var axis: Int
    /// `nil` for the axis's own beginning or end.
    var start: Extent?
    var end: Extent?
    var stride: Int
    /// Whether one element is taken, and the axis left out.
    var isShrunk: Bool
  }

  private mutating func stridedSlice() throws {
    let (slices, newAxes) = try axisSlices()
    var name = try plain(input: 0)
    // Of a place that is computed nobody knows whether it counts from the end, which Gather does not have to know.
    let computed = slices.filter { $0.isShrunk && $0.start != nil && $0.start?.known == nil }.map(\.axis)
    let sliced = slices.filter { !computed.contains($0.axis) }
    if !sliced.isEmpty {
      let starts = sliced.map { $0.start ?? .fixed($0.stride > 0 ? 0 : Int(Int32.max)) }
      let ends = try zip(sliced, starts).map { item, start -> Extent in
        guard item.isShrunk else { return item.end ?? .fixed(Int(item.stride > 0 ? Int32.max : Int32.min)) }
        return start.known == -1 ? .fixed(Int(Int32.max)) : try start.plus(.fixed(1))
      }
      name = step(
        "Slice",
        [name, try list(starts), try list(ends), try list(sliced.map(\.axis)), try list(sliced.map(\.stride))])
    }
    for item in slices where computed.contains(item.axis) {
      guard let start = item.start else { continue }
      name = step("Gather", [name, try list([start])], [.int("axis", item.axis)])
    }
    let shrunk = slices.filter(\.isShrunk).map(\.axis)
    if !shrunk.isEmpty { name = step("Squeeze", [name, try list(shrunk)]) }
    if !newAxes.isEmpty { name = step("Unsqueeze", [name, try list(newAxes)]) }
    try finish(name, isRounded: keepsQuantization())
  }

  /// The axes that are sliced, and those of the result that are new.
  private mutating func axisSlices() throws -> (slices: [AxisSlice], newAxes: [Int]) {
    let rank = try needInput(0).shape.count
    let strides = try integers(3)
    let count = strides.count
    let (begin, end) = (try elements(1, count: count), try elements(2, count: count))
    let masks = try (0..<5).map { try option($0) }
    func isSet(_ mask: Int, _ place: Int) -> Bool { masks[mask] >> place & 1 == 1 }
    let isOffset = try flag(5)
    // An ellipsis stands for all axes that the others leave.
    let named = (0..<min(count, 32)).filter { !isSet(2, $0) && !isSet(3, $0) }.count
    guard count <= 32, named <= rank, masks[2].nonzeroBitCount <= 1, !strides.contains(0) else {
      throw ZooError(.badData, "the slice does not fit \(rank) axes")
    }
    var (slices, newAxes): ([AxisSlice], [Int]) = ([], [])
    var (axis, place) = (0, 0)
    for index in 0..<count {
      if isSet(2, index) {
        axis += rank - named
        place += rank - named
      } else if isSet(3, index) {
        newAxes.append(place)
        place += 1
      } else {
        let isShrunk = isSet(4, index)
        let limit = isOffset ? try begin[index].plus(end[index]) : end[index]
        slices.append(
          AxisSlice(
            axis: axis, start: isSet(0, index) ? nil : begin[index], end: isSet(1, index) ? nil : limit,
            stride: isShrunk ? 1 : strides[index], isShrunk: isShrunk))
        axis += 1
        place += isShrunk ? 0 : 1
      }
    }
    return (slices, newAxes)
  }

  /// From `begin` on, `size` elements; -1 is all that are left.
  private mutating func slice() throws {
    let rank = try needInput(0).shape.count
    let (begin, size) = (try elements(1, count: rank), try elements(2, count: rank))
    let most = Int(Int32.max)
    let ends: String
    if size.allSatisfy({ $0.known != nil }) {
      ends = try list(zip(begin, size).map { $1.known == -1 ? .fixed(most) : try $0.plus($1) })
    } else {
      let sizes = try list(size)
      let sums = step("Add", [try list(begin), sizes])
      ends = step("Where", [step("Less", [sizes, try scalar(0, .int64)]), try scalar(Double(most), .int64), sums])
    }
    let inputs = [try plain(input: 0), try list(begin), ends, try list(Array(0..<rank))]
    try finish(step("Slice", inputs), isRounded: keepsQuantization())
  }

  /// The first input with the second one put into it, from `starts` on, or where it ends with the first one.
  mutating func updateSlice(starts: [Extent]) throws {
    let (input, update) = (try needInput(0), try needInput(1))
    guard input.openAxes.isEmpty, update.openAxes.isEmpty, update.shape.count == input.shape.count,
      zip(update.shape, input.shape).allSatisfy({ 0...$1 ~= $0 })
    else { throw ZooError(.unsupported, "a part of shape \(update.shape) of a value of shape \(input.shape)") }
    let part = try plain(input: 1)
    let isRounded = try keepsQuantization(0) && keepsQuantization(1)
    // Behind this axis the part is as wide as the whole.
    guard let last = input.shape.indices.last(where: { input.shape[$0] != update.shape[$0] }) else {
      return try finish(part, isRounded: isRounded)
    }
    let axes = 0...last
    guard update.shape.allSatisfy({ $0 > 0 }) else { return try finish(plain(input: 0), isRounded: isRounded) }
    let rows = Array(update.shape[...last])
    let grid = try axes.map { axis in
      let range = step("Range", [try scalar(0, .int64), try scalar(Double(rows[axis]), .int64), try scalar(1, .int64)])
      let shape = axes.map { $0 == axis ? rows[axis] : 1 } + [1]
      return step("Expand", [step("Reshape", [range, try list(shape)]), try list(rows + [1])])
    }
    let room = try list(axes.map { input.shape[$0] - update.shape[$0] })
    let first = step("Max", [step("Min", [try list(Array(starts[...last])), room]), try scalar(0, .int64)])
    let places = step("Add", [step("Concat", grid, [.int("axis", -1)]), first])
    try finish(step("ScatterND", [try plain(input: 0), places, part]), isRounded: isRounded)
  }
}
