/// Values by name, in the order in which they came. Names are the bytes that they are written in: Swift holds texts for
/// equal that have the same characters in other bytes.
package struct NameTable<Value> {
  package private(set) var entries: [(name: String, value: Value)] = []
  private var places: [[UInt8]: Int] = [:]

  package init() {}

  /// Adds a value at the end. `false` where the name is taken, and nothing is added.
  package mutating func add(_ name: String, _ value: Value) -> Bool {
    let key = Array(name.utf8)
    guard places[key] == nil else { return false }
    places[key] = entries.count
    entries.append((name, value))
    return true
  }

  package subscript(name: String) -> Value? { places[Array(name.utf8)].map { entries[$0].value } }
}

extension NameTable: Sendable where Value: Sendable {}

extension String {
  /// What lies between slashes, also those that a combining mark follows.
  package var pathParts: [String] {
    utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String(Substring($0)) }
  }
}
