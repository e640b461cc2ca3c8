import ZooCore

/// What a text may be, as a tree of bytes, sequences, choices and repetitions that may contain itself.
package struct Grammar: Sendable {
  enum Node: Sendable {
    /// At least one byte, in this order.
    case bytes([UInt8])
    /// One of these bytes.
    case set(ByteSet)
    case sequence([Int])
    case choice([Int])
    /// What is repeated must have at least one byte.
    case repetition(Int, least: Int, most: Int?)
  }

  let nodes: [Node]
  let root: Int
}

/// Some of the 256 bytes.
struct ByteSet: Sendable, Hashable {
  private var bits = SIMD4<UInt64>()

  init(_ ranges: ClosedRange<UInt8>...) {
    for range in ranges { for byte in range { insert(byte) } }
  }

  mutating func insert(_ byte: UInt8) { bits[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  mutating func remove(_ byte: UInt8) { bits[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }

  func contains(_ byte: UInt8) -> Bool { bits[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }
}

/// Makes a grammar, node by node.
struct GrammarBuilder {
  /// More than any schema that people write needs.
  static let mostNodes = 1 << 17

  private(set) var nodes: [Grammar.Node] = []

  /// - Throws: `ZooError` (`usage`) where there are too many.
  mutating func add(_ node: Grammar.Node) throws -> Int {
    guard nodes.count < Self.mostNodes else {
      throw ZooError(.usage, "the schema is too large", advice: "give one with fewer properties and smaller ranges")
    }
    nodes.append(node)
    return nodes.count - 1
  }

  mutating func set(_ place: Int, to node: Grammar.Node) { nodes[place] = node }

  mutating func text(_ text: String) throws -> Int { try text.isEmpty ? nothing() : add(.bytes(Array(text.utf8))) }

  mutating func nothing() throws -> Int { try add(.sequence([])) }

  mutating func sequence(_ items: Int...) throws -> Int { try add(.sequence(items)) }

  mutating func choice(_ items: [Int]) throws -> Int { items.count == 1 ? items[0] : try add(.choice(items)) }

  mutating func optional(_ item: Int) throws -> Int { try add(.choice([item, nothing()])) }
}

/// The beginning of a text of a grammar: what may come next.
package struct GrammarState: Sendable {
  /// A node that has begun, and how much of it there was.
  private struct Frame: Hashable {
    var node: Int32
    var place: Int32
  }

  /// One way to read the beginning: what is open, the innermost last. Nothing is open where the text may end.
  private typealias Reading = [Frame]

  /// Values in values; deeper ones are not begun.
  private static let greatestDepth = 512
  private static let mostReadings = 4096
  /// Nodes that are looked at for one byte.
  private static let mostSteps = 1 << 17
  /// Choices in choices, without a byte between them.
  private static let mostNested = 512

  private let grammar: Grammar
  private var readings: [Reading] = []

  /// - Throws: `ZooError` (`usage`) for a grammar that contains itself before its first byte.
  package init(_ grammar: Grammar) throws {
    self.grammar = grammar
    var steps = 0
    var found: Set<Reading> = []
    try expand([Frame(node: Int32(grammar.root), place: 0)], into: &found, &steps, nested: 0)
  }

  /// Whether the text may end here.
  package var isComplete: Bool { readings.contains(where: \.isEmpty) }

  /// Whether more may come.
  package var canGoOn: Bool { readings.contains { !$0.isEmpty } }

  /// Whether `bytes` may come next.
  ///
  /// - Throws: as `append` does.
  package func accepts(_ bytes: some Sequence<UInt8>) throws -> Bool {
    var copy = self
    return try copy.append(bytes)
  }

  /// Goes on with `bytes`.
  ///
  /// - Returns: Whether they may come next; if not, nothing may any more.
  /// - Throws: `ZooError` (`usage`) where there are too many ways to read them.
  package mutating func append(_ bytes: some Sequence<UInt8>) throws -> Bool {
    for byte in bytes { guard try append(byte) else { return false } }
    return true
  }

  private mutating func append(_ byte: UInt8) throws -> Bool {
    let before = readings
    readings = []
    var steps = 0
    var found: Set<Reading> = []
    for var reading in before {
      guard let top = reading.last else { continue }
      switch grammar.nodes[Int(top.node)] {
      case .bytes(let bytes) where bytes[Int(top.place)] == byte:
        if Int(top.place) + 1 < bytes.count {
          reading[reading.count - 1].place += 1
          try keep(reading, &found)
        } else {
          reading.removeLast()
          try expand(reading, into: &found, &steps, nested: 0)
        }
      case .set(let set) where set.contains(byte):
        reading.removeLast()
        try expand(reading, into: &found, &steps, nested: 0)
      default: break
      }
    }
    return !readings.isEmpty
  }

  private mutating func keep(_ reading: Reading, _ found: inout Set<Reading>) throws {
    guard reading.count <= Self.greatestDepth, found.insert(reading).inserted else { return }
    guard readings.count < Self.mostReadings else { throw Self.tooMuch }
    readings.append(reading)
  }

  private static let tooMuch = ZooError(
    .usage, "the schema can be read in too many ways", advice: "give one with fewer alternatives that begin alike")

  /// Opens what is next until it begins with a byte.
  private mutating func expand(
    _ start: Reading, into found: inout Set<Reading>, _ steps: inout Int, nested: Int
  ) throws {
    guard nested < Self.mostNested else { throw Self.tooMuch }
    var reading = start
    while let top = reading.last {
      steps += 1
      guard steps < Self.mostSteps else { throw Self.tooMuch }
      guard reading.count <= Self.greatestDepth else { return }
      switch grammar.nodes[Int(top.node)] {
      case .bytes, .set: return try keep(reading, &found)
      case .sequence(let items):
        let place = Int(top.place)
        // One that has its last item open is no longer needed.
        if place + 1 < items.count { reading[reading.count - 1].place += 1 } else { reading.removeLast() }
        if place < items.count { reading.append(Frame(node: Int32(items[place]), place: 0)) }
      case .choice(let items):
        reading.removeLast()
        for item in items.dropLast() {
          try expand(
            reading + [Frame(node: Int32(item), place: 0)], into: &found, &steps, nested: nested + 1)
        }
        // Chains of choices are long where many members may be left out.
        guard let last = items.last else { return }
        reading.append(Frame(node: Int32(last), place: 0))
      case .repetition(let item, let least, let most):
        let count = Int(top.place)
        if most.map({ count < $0 }) ?? true {
          var more = reading
          // Without a limit, it does not matter how many there were beyond the least.
          more[more.count - 1].place = Int32(most == nil ? min(count + 1, least) : count + 1)
          more.append(Frame(node: Int32(item), place: 0))
          try expand(more, into: &found, &steps, nested: nested + 1)
        }
        guard count >= least else { return }
        reading.removeLast()
      }
    }
    try keep(reading, &found)
  }
}
