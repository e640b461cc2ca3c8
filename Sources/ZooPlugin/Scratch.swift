/// Memory of a host for `count` elements that frees itself. Kernels take scratch that grows with their inputs from here,
/// since a Swift array ends the process where there is no memory.
public final class Scratch<Element: BitwiseCopyable>: @unchecked Sendable, RandomAccessCollection {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  public let count: Int
  private let memory: HostMemory

  /// - Throws: `OperatorError` (`outOfMemory`).
  init(count: Int, host: ZooHost) throws {
    let (byteCount, overflow) = Swift.max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !overflow else { throw OperatorError("no memory for \(count) elements", kind: .outOfMemory) }
    memory = try host.allocate(byteCount)
    base = memory.address.bindMemory(to: Element.self, capacity: Swift.max(count, 1))
    self.count = count
  }

  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }

  @inlinable public subscript(_ index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }

  /// Calls `body` with the elements' address, which is valid until it ends.
  @inlinable public func withPointer<Result>(
    _ body: (UnsafeMutablePointer<Element>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(base) }
  }

  /// Sorts the first `count` elements where they are, with no further memory (heapsort, Williams 1964). What `precedes`
  /// holds for equal comes in any order.
  public func sort(first count: Int? = nil, by precedes: (Element, Element) -> Bool) {
    withPointer { base in
      let count = count ?? self.count
      for start in (0..<count / 2).reversed() { sink(base, start, count, precedes) }
      for end in (0..<count).reversed() {
        (base[0], base[end]) = (base[end], base[0])
        sink(base, 0, end, precedes)
      }
    }
  }

  /// Lets `place` of the first `count` elements, a heap below it with the last in order on top, become one too.
  private func sink(
    _ base: UnsafeMutablePointer<Element>, _ place: Int, _ count: Int, _ precedes: (Element, Element) -> Bool
  ) {
    var place = place
    while 2 * place + 1 < count {
      var child = 2 * place + 1
      if child + 1 < count, precedes(base[child], base[child + 1]) { child += 1 }
      guard precedes(base[place], base[child]) else { return }
      (base[place], base[child]) = (base[child], base[place])
      place = child
    }
  }

  /// Fills the first `capacity` places with the first in order of all elements.
  ///
  /// - Parameters:
  ///   - elements: At least `count` of them.
  ///   - precedes: Whether the first element comes before the second.
  public func select(from elements: some Sequence<Element>, by precedes: (Element, Element) -> Bool) {
    withPointer { base in
      var filled = 0
      for element in elements {
        if filled < count {
          base[filled] = element
          filled += 1
          if filled == count { for start in (0..<count / 2).reversed() { sink(base, start, count, precedes) } }
        } else if count > 0, precedes(element, base[0]) {
          base[0] = element
          sink(base, 0, count, precedes)
        }
      }
      sort(first: filled, by: precedes)
    }
  }
}

extension ZooHost {
  /// Memory for `count` elements with undefined contents.
  ///
  /// - Throws: `OperatorError` (`outOfMemory`).
  public func scratch<Element: BitwiseCopyable>(_ count: Int, of _: Element.Type = Element.self) throws -> Scratch<
    Element
  > {
    try Scratch(count: count, host: self)
  }

  /// Memory for `count` elements that are all `value`.
  ///
  /// - Throws: `OperatorError` (`outOfMemory`).
  public func scratch<Element: BitwiseCopyable>(repeating value: Element, count: Int) throws -> Scratch<Element> {
    let scratch = try Scratch<Element>(count: count, host: self)
    scratch.withPointer { $0.update(repeating: value, count: count) }
    return scratch
  }
}

/// A list in a host's memory that grows.
public struct ScratchList<Element: BitwiseCopyable> {
  public private(set) var count = 0
  private var memory: Scratch<Element>?
  private let host: ZooHost

  public init(host: ZooHost) { self.host = host }

  /// - Throws: `OperatorError` (`outOfMemory`).
  public mutating func append(_ element: Element) throws {
    if count == memory?.count ?? 0 {
      let larger = try host.scratch(Swift.max(16, 2 * count), of: Element.self)
      if let memory { larger.withPointer { to in memory.withPointer { to.update(from: $0, count: count) } } }
      memory = larger
    }
    memory.unsafelyUnwrapped[count] = element
    count += 1
  }

  public subscript(_ index: Int) -> Element { memory.unsafelyUnwrapped[index] }

  /// Takes all elements out, and keeps the memory.
  public mutating func removeAll() { count = 0 }

  /// Calls `body` with the elements, which stay where they are until it ends.
  public func withElements<Result>(_ body: (UnsafeMutableBufferPointer<Element>) throws -> Result) rethrows -> Result {
    guard let memory else { return try body(UnsafeMutableBufferPointer(start: nil, count: 0)) }
    return try memory.withPointer { try body(UnsafeMutableBufferPointer(start: $0, count: count)) }
  }

  /// Sorts the elements where they are. What `precedes` holds for equal comes in any order.
  public func sort(by precedes: (Element, Element) -> Bool) { memory?.sort(first: count, by: precedes) }
}
