import ZooPlugin

/// The number of elements of `shape`.
///
/// - Throws: `OperatorError` for what the host refuses as well: a negative extent, more elements than addresses reach, and
///   an empty shape whose other extents multiply to more than anybody could go through.
package func elementCount(_ shape: [Int]) throws -> Int {
  for extent in shape where extent < 0 { throw OperatorError("the shape \(shape) has a negative extent") }
  let count = saturatingProduct(shape.map { max($0, 1) })
  let isEmpty = shape.contains(0)
  guard count <= (isEmpty ? 1 << 31 : 1 << 47) else { throw OperatorError("the shape \(shape) is too large") }
  return isEmpty ? 0 : count
}

/// The product of numbers of 0 and more; `Int.max` where it overflows.
package func saturatingProduct(_ extents: [Int]) -> Int {
  extents.contains(0) ? 0 : extents.reduce(1) { $0.saturatingTimes($1) }
}

/// `axis` counted from the front.
///
/// - Throws: `OperatorError` where it is outside -rank..<rank.
package func normalized(axis: Int, rank: Int) throws -> Int {
  guard axis >= -rank, axis < rank else {
    throw OperatorError("axis \(axis) is outside a tensor of rank \(rank)")
  }
  return axis < 0 ? axis + rank : axis
}

/// The axes counted from the front, each once.
package func normalized(axes: [Int], rank: Int) throws -> [Int] {
  let axes = try axes.map { try normalized(axis: $0, rank: rank) }
  guard Set(axes).count == axes.count else { throw OperatorError("an axis occurs twice in \(axes)") }
  return axes
}

/// The shape that `shapes` broadcast to by NumPy's rules.
package func broadcastShape(_ shapes: [[Int]]) throws -> [Int] {
  let rank = shapes.map(\.count).max() ?? 0
  var result = [Int](repeating: 1, count: rank)
  for shape in shapes {
    for (index, extent) in shape.enumerated() where extent != 1 {
      let place = rank - shape.count + index
      guard result[place] == 1 || result[place] == extent else {
        throw OperatorError("the shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) don't broadcast")
      }
      result[place] = extent
    }
  }
  return result
}

/// Row-major strides in elements.
package func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for index in shape.indices.dropLast().reversed() { strides[index] = strides[index + 1] * shape[index + 1] }
  return strides
}

/// A shape as (outer, axis, inner) around one axis.
package struct AxisView: Sendable {
  package let outer, length, inner: Int

  package init(_ shape: [Int], axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    length = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }
}

extension Int {
  /// The product of numbers of 0 and more; `Int.max` where it overflows. For sizes of scratch memory, which the host
  /// refuses then.
  package func saturatingTimes(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// The sum of numbers of 0 and more; `Int.max` where it overflows.
  package func saturatingPlus(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// Sums and products of numbers from files must not trap.
  package func adding(_ other: Int) throws -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    guard !overflow else { throw OperatorError("the size \(self) + \(other) is too large") }
    return sum
  }

  package func times(_ other: Int) throws -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    guard !overflow else { throw OperatorError("the size \(self) · \(other) is too large") }
    return product
  }
}
