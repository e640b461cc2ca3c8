import CZooPlugin
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Unique: the different elements, or slices along an axis, where each occurs first, which of them each is, and
  /// how often it occurs.
  static func unique(_ host: ZooHost) -> any Operator {
    ShapedOperator("Unique", since: 11) { node in
      let axis = try node.attributes.int("axis")
      let sorts = try node.attributes.int("sorted") ?? 1 != 0
      @Sendable func groups(_ x: TensorView) throws -> (axis: Int?, view: AxisView, Groups) {
        let place = try axis.map { try normalized(axis: $0, rank: x.rank) }
        let view = place.map { AxisView(x.shape, axis: $0) } ?? AxisView([x.count], axis: 0)
        switch x.type {
        // Doubles don't hold all integers of 64 bits.
        case .int64: return (place, view, try Groups(x.pointer(as: Int64.self), view, sorts: sorts, host: x.host))
        case .uint64: return (place, view, try Groups(x.pointer(as: UInt64.self), view, sorts: sorts, host: x.host))
        case .string: return (place, view, try Groups(x.pointer(as: Text.self), view, sorts: sorts, host: x.host))
        default:
          return (place, view, try x.doubles().withPointer { try Groups($0, view, sorts: sorts, host: x.host) })
        }
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let x = try inputs[0]
          let (place, view, groups) = try groups(x)
          var shape = place == nil ? [0] : x.shape
          shape[place ?? 0] = groups.count
          return [shape, [groups.count], [view.length], [groups.count]]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (_, view, groups) = try groups(x)
          if outputs.isWritable(0), let source = x.data, let target = outputs.data(0) {
            let bytes = view.inner * (try x.elementByteCount)
            for outer in 0..<view.outer {
              for number in 0..<groups.count {
                let place = groups.first[number]
                (target + (outer * groups.count + number) * bytes).copyMemory(
                  from: source + (outer * view.length + place) * bytes, byteCount: bytes)
              }
            }
          }
          for (output, values) in [groups.first, groups.group, groups.counts].enumerated()
          where outputs.isWritable(output + 1) {
            let target = outputs.pointer(output + 1, as: Int64.self)
            for index in 0..<outputs.shape(output + 1)[0] { target[index] = Int64(values[index]) }
          }
        })
    }
  }
}

/// A text of an input, in order by its bytes.
private struct Text: Comparable {
  private let string: zoo_string

  private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: string.bytes, count: string.count) }

  static func == (left: Text, right: Text) -> Bool { left.bytes.elementsEqual(right.bytes) }
  static func < (left: Text, right: Text) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

/// Places along an axis whose slices are equal.
private struct Groups {
  private(set) var count = 0
  /// By group, in the order of the result; there is room for a group each place.
  let first, counts: Scratch<Int>
  /// By place.
  let group: Scratch<Int>

  init<Element: Comparable>(_ values: UnsafePointer<Element>, _ view: AxisView, sorts: Bool, host: ZooHost) throws {
    (first, counts, group) = (
      try host.scratch(view.length), try host.scratch(view.length), try host.scratch(repeating: 0, count: view.length)
    )
    let size = view.outer * view.inner
    guard size > 0 else { return }
    /// Negative, 0 or positive, as the slices at two places compare.
    func compare(_ a: Int, _ b: Int) -> Int {
      for index in 0..<size {
        let row = index / view.inner * view.length * view.inner + index % view.inner
        let (left, right) = (values[row + a * view.inner], values[row + b * view.inner])
        if left < right { return -1 }
        if right < left { return 1 }
        // NaN is equal to nothing, and comes last.
        let (isOdd, isOther) = (left != left, right != right)
        if isOdd || isOther { return isOdd == isOther ? (a < b ? -1 : a == b ? 0 : 1) : isOdd ? 1 : -1 }
      }
      return 0
    }
    let order = try host.scratch(view.length, of: Int.self)
    for place in order.indices { order[place] = place }
    order.sort { left, right in
      let result = compare(left, right)
      return result == 0 ? left < right : result < 0
    }
    for (index, place) in order.enumerated() {
      if index == 0 || compare(order[index - 1], place) != 0 {
        (first[count], counts[count]) = (place, 0)
        count += 1
      }
      group[place] = count - 1
      counts[count - 1] += 1
    }
    if !sorts { try orderByAppearance(order, host) }
  }

  /// - Parameter spare: Memory for a number each place.
  private func orderByAppearance(_ spare: Scratch<Int>, _ host: ZooHost) throws {
    let (appearance, numbers) = (spare, try host.scratch(count, of: Int.self))
    for index in 0..<count { appearance[index] = index }
    appearance.sort(first: count) { first[$0] < first[$1] }
    for new in 0..<count { numbers[appearance[new]] = new }
    for place in group.indices { group[place] = numbers[group[place]] }
    // In the new order places of first appearance ascend, and a group's count is known by its place.
    for new in 0..<count { numbers[new] = counts[appearance[new]] }
    for new in 0..<count { counts[new] = numbers[new] }
    first.sort(first: count, by: <)
  }
}
