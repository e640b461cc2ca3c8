import GraphWriter
import ZooCore

/// How long an axis is: known from the file, or only when the network runs.
indirect enum Extent {
  case fixed(Int)
  /// An element of a list of 64-bit numbers.
  case element(of: String, Int)
  case axis(of: String, Int)
  case computed(String, Extent, Extent)

  var known: Int? { if case .fixed(let number) = self { number } else { nil } }

  private func combined(
    _ operatorType: String, _ other: Extent, _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws -> Extent {
    guard let left = known, let right = other.known else { return .computed(operatorType, self, other) }
    let (result, overflow) = operation(left, right)
    guard !overflow else { throw ZooError(.badData, "an extent made of \(left) and \(right) is too large") }
    return .fixed(result)
  }

  func plus(_ other: Extent) throws -> Extent { try combined("Add", other) { $0.addingReportingOverflow($1) } }
  func minus(_ other: Extent) throws -> Extent { try combined("Sub", other) { $0.subtractingReportingOverflow($1) } }
  func times(_ other: Extent) throws -> Extent { try combined("Mul", other) { $0.multipliedReportingOverflow(by: $1) } }
  func divided(by other: Int) throws -> Extent {
    if let known, other == 0 || known % other != 0 {
      throw ZooError(.badData, "an extent of \(known) is no multiple of \(other)")
    }
    return try combined("Div", .fixed(other)) { $0.dividedReportingOverflow(by: $1) }
  }
}

extension LiteConverter {
  /// The extents of the input `position`, whose value in the file's order of axes is `name`.
  func extents(_ position: Int, _ name: String) throws -> [Extent] {
    let tensor = try needInput(position)
    return tensor.shape.enumerated().map { axis, extent in
      tensor.openAxes.contains(axis) ? .axis(of: name, axis) : .fixed(extent)
    }
  }

  /// The elements of an input that is a list of whole numbers, `count` of them.
  mutating func elements(_ position: Int, count: Int) throws -> [Extent] {
    guard try needInput(position).constant == nil else {
      let numbers = try integers(position)
      guard numbers.count == count else { throw ZooError(.badData, "it has \(numbers.count) numbers for \(count)") }
      return numbers.map(Extent.fixed)
    }
    let name = step("Reshape", [try int64(input: position), try list([-1])])
    return (0..<count).map { .element(of: name, $0) }
  }

  /// One number, as a list.
  private mutating func write(_ extent: Extent) throws -> String {
    switch extent {
    case .fixed(let number): return try list([number])
    case .element(let name, let index): return step("Gather", [name, try list([index])], [.int("axis", 0)])
    case .axis(let name, let axis): return step("Shape", [name], [.int("start", axis), .int("end", axis + 1)])
    case .computed(let operatorType, let left, let right):
      return step(operatorType, [try write(left), try write(right)])
    }
  }

  mutating func list(_ extents: [Extent]) throws -> String {
    let known = extents.compactMap(\.known)
    if known.count == extents.count { return try list(known) }
    let parts = try extents.map { try write($0) }
    return parts.count == 1 ? parts[0] : step("Concat", parts, [.int("axis", 0)])
  }

  /// `name` with these extents; one that is unknown follows from the others.
  mutating func reshaped(_ name: String, _ extents: [Extent]) throws -> String {
    let known = extents.map { $0.known ?? -1 }
    let isFree = known.count(where: { $0 == -1 }) <= 1 && !known.contains(0)
    if isFree { return step("Reshape", [name, try list(known)]) }
    return step("Reshape", [name, try list(extents)], [.int("allowzero", 1)])
  }
}
