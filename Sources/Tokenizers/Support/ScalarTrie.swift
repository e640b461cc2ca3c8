/// Texts as a tree of their characters, for finding the longest that begins somewhere.
struct ScalarTrie: Sendable {
  static let root: Int32 = 0

  /// The child by its parent (upper half) and its character (lower half).
  private var children: [UInt64: Int32] = [:]
  private var values: [Int32] = [-1]

  var isEmpty: Bool { values.count == 1 }

  /// - Parameter value: Not negative.
  mutating func insert(_ text: some Sequence<Unicode.Scalar>, _ value: Int32) {
    var node = Self.root
    for scalar in text {
      let key = Self.key(node, scalar)
      if let child = children[key] {
        node = child
      } else {
        let child = Int32(values.count)
        values.append(-1)
        children[key] = child
        node = child
      }
    }
    values[Int(node)] = value
  }

  func child(of node: Int32, _ scalar: Unicode.Scalar) -> Int32? { children[Self.key(node, scalar)] }

  /// The value of the text that ends at `node`; `nil` if none does.
  func value(at node: Int32) -> Int32? { values[Int(node)] < 0 ? nil : values[Int(node)] }

  /// The node at which `text` ends, whether or not it is one of the texts.
  func node(of text: some Sequence<Unicode.Scalar>) -> Int32? {
    var node = Self.root
    for scalar in text {
      guard let next = child(of: node, scalar) else { return nil }
      node = next
    }
    return node
  }

  /// The longest text that begins at `start`, and where it ends.
  func longest(
    in text: ArraySlice<Unicode.Scalar>, from start: Int, node: Int32 = root, _ budget: Budget
  ) throws -> (end: Int, value: Int32)? {
    var node = node
    var found: (Int, Int32)?
    var place = start
    while place < text.endIndex, let next = child(of: node, text[place]) {
      node = next
      place += 1
      if let value = value(at: node) { found = (place, value) }
    }
    try budget.spend(place - start + 1)
    return found
  }

  private static func key(_ node: Int32, _ scalar: Unicode.Scalar) -> UInt64 {
    UInt64(UInt32(bitPattern: node)) << 32 | UInt64(scalar.value)
  }
}
