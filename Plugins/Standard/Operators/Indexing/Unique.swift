import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Unique: the different elements, or slices along an axis, where each occurs first, which of them each is, and
  /// how often it occurs.
  static func unique(_ host: Host) -> any Operator {
    ShapedOperator("Unique", since: 11) { node in
      let axis = try node.attributes.int("axis")
      let sorts = try node.attributes.int("sorted") ?? 1 != 0
      @Sendable func groups(_ x: TensorView) throws -> (axis: Int?, view: AxisView, Groups)? {
        let place = try axis.map { try normalized(axis: $0, rank: x.rank) }
        let view = place.map { AxisView(x.shape, axis: $0) } ?? AxisView([x.count], axis: 0)
        guard x.isConstant else { return nil }
        switch x.type {
        // Doubles don't hold all integers of 64 bits.
        case .int64: return (place, view, Groups(x.pointer(as: Int64.self), view, sorts: sorts))
        case .uint64: return (place, view, Groups(x.pointer(as: UInt64.self), view, sorts: sorts))
        default:
          guard let values = try x.doubles() else { return nil }
          return (place, view, values.withUnsafeBufferPointer { Groups($0.baseAddress, view, sorts: sorts) })
        }
      }
      return ShapedOperator.Form(
        outputs: { inputs in
          let x = try inputs[0]
          guard let (place, view, groups) = try groups(x) else {
            return [OutputType(x.type, nil)] + (0..<3).map { _ in OutputType(.int64, nil) }
          }
          var shape = place == nil ? [0] : x.shape
          shape[place ?? 0] = groups.first.count
          return [OutputType(x.type, shape)]
            + [groups.first.count, view.length, groups.first.count].map { OutputType(.int64, [$0]) }
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard let (_, view, groups) = try groups(x) else { return }
          if outputs.isWritable(0), let source = x.data, let target = outputs.data(0) {
            let bytes = view.inner * (try x.elementByteCount)
            for outer in 0..<view.outer {
              for (number, place) in groups.first.enumerated() {
                (target + (outer * groups.first.count + number) * bytes).copyMemory(
                  from: source + (outer * view.length + place) * bytes, byteCount: bytes)
              }
            }
          }
          for (output, values) in [groups.first, groups.group, groups.counts].enumerated()
          where outputs.isWritable(output + 1) {
            let target = outputs.pointer(output + 1, as: Int64.self)
            for (index, value) in values.enumerated() { target[index] = Int64(value) }
          }
        })
    }
  }
}

/// Places along an axis whose slices are equal.
private struct Groups {
  /// By group, in the order of the result.
  var first: [Int] = []
  var counts: [Int] = []
  /// By place.
  var group: [Int] = []

  init<Element: Comparable>(_ values: UnsafePointer<Element>?, _ view: AxisView, sorts: Bool) {
    group = [Int](repeating: 0, count: view.length)
    guard let values else { return }
    func element(_ place: Int, _ index: Int) -> Element {
      values[(index / view.inner * view.length + place) * view.inner + index % view.inner]
    }
    let size = view.outer * view.inner
    /// Negative, 0 or positive, as the slices at two places compare.
    func compare(_ a: Int, _ b: Int) -> Int {
      for index in 0..<size {
        let (left, right) = (element(a, index), element(b, index))
        if left < right { return -1 }
        if right < left { return 1 }
        // NaN is equal to nothing, and comes last.
        let (isOdd, isOther) = (left != left, right != right)
        if isOdd || isOther { return isOdd == isOther ? (a < b ? -1 : a == b ? 0 : 1) : isOdd ? 1 : -1 }
      }
      return 0
    }
    let order = (0..<view.length).sorted { left, right in
      let result = compare(left, right)
      return result == 0 ? left < right : result < 0
    }
    for (index, place) in order.enumerated() {
      if index == 0 || compare(order[index - 1], place) != 0 {
        first.append(place)
        counts.append(0)
      }
      group[place] = first.count - 1
      counts[first.count - 1] += 1
    }
    guard !sorts else { return }
    let appearance = first.indices.sorted { first[$0] < first[$1] }
    var number = [Int](repeating: 0, count: first.count)
    for (new, old) in appearance.enumerated() { number[old] = new }
    first = appearance.map { first[$0] }
    counts = appearance.map { counts[$0] }
    group = group.map { number[$0] }
  }
}
