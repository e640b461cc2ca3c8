import ZooCore

/// What a small file may not ask for: graphs in graphs without end, and names that are repeated until they fill memory.
struct ImportBudget {
  /// Functions and bodies inside each other.
  private static let mostLevels = 64
  private static let mostNameBytes = 1 << 27

  /// Planning takes tens of microseconds a node, and nobody exports a graph of so many but by unrolling loops.
  private static let mostNodes = 1 << 18

  private var nodes = 0
  private var levels = 0
  private var nameBytes = 0
  private var calls = 0

  mutating func countNode() throws {
    nodes += 1
    guard nodes <= Self.mostNodes else {
      throw ZooError(
        .unsupported, "the graph has more than \(Self.mostNodes) nodes, those of its functions and branches among them",
        advice: "export the model without unrolling its loops, or divide it into several")
    }
  }

  mutating func enter(_ node: Node) throws {
    levels += 1
    guard levels <= Self.mostLevels else {
      throw ZooError(
        .badData, "functions and graphs lie in each other more than \(Self.mostLevels) deep", at: node.label)
    }
  }

  mutating func leave() { levels -= 1 }

  /// What stands in front of the names in a function's body.
  mutating func callLabel(_ outer: String, _ name: String) throws -> String {
    calls += 1
    return try self.name(outer, "\(name.shortened(0))#\(calls)/")
  }

  /// A name of the model inside whatever it lies in.
  mutating func name(_ label: String, _ name: String) throws -> String {
    // The model's own are in memory once.
    guard !label.isEmpty else { return name }
    let whole = label + name.shortened(calls)
    nameBytes += whole.utf8.count
    guard nameBytes <= Self.mostNameBytes else {
      throw ZooError(.badData, "the names in the model's functions expand to more than \(Self.mostNameBytes) bytes")
    }
    return whole
  }
}
