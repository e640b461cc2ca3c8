/// The nodes that read a value, once for each operand that it is.
///
/// Most values have few readers, and some constants of large graphs have as many as there are nodes.
package struct Readers: Sendable {
  private var few: [NodeID] = []
  private var many: [NodeID: Int] = [:]
  /// How many operands the value is.
  package private(set) var count = 0

  private static let mostInList = 16

  init() {}

  package var isEmpty: Bool { count == 0 }

  /// The nodes, each once, in no order.
  package var nodes: [NodeID] {
    many.isEmpty ? few.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } : Array(many.keys)
  }

  /// The only operand that the value is.
  package var only: NodeID? { count == 1 ? few.first ?? many.first?.key : nil }

  mutating func add(_ node: NodeID) {
    count += 1
    if many.isEmpty, few.count < Self.mostInList {
      few.append(node)
      return
    }
    for other in few { many[other, default: 0] += 1 }
    few = []
    many[node, default: 0] += 1
  }

  mutating func remove(_ node: NodeID) {
    if let place = few.lastIndex(of: node) {
      few.remove(at: place)
    } else if let number = many[node] {
      many[node] = number == 1 ? nil : number - 1
    } else {
      return
    }
    count -= 1
  }

  mutating func add(_ others: Readers) {
    for node in others.few { add(node) }
    for (node, number) in others.many { for _ in 0..<number { add(node) } }
  }
}
