import ZooCore

/// A GGUF file's metadata by name.
package struct GGUFMetadata: Sendable {
  private let values: [ExactText: String]

  /// - Parameter properties: As `GGUFFormat.read` gives them.
  package init(_ properties: [Property]) {
    values = Dictionary(properties.map { (ExactText($0.key), $0.value) }) { first, _ in first }
  }

  package func has(_ name: String) -> Bool { values[ExactText(name)] != nil }

  /// A text; `nil` where there is none of that name.
  package func text(_ name: String) -> String? {
    guard let value = values[ExactText(name)] else { return nil }
    let bytes = GGUFValue.bytes(value)
    // A type's number, the length, the text.
    guard bytes.count >= 12, bytes.starts(with: GGUFValue.number(UInt32(8))) else { return nil }
    return String(validating: bytes[12...], as: UTF8.self)
  }

  /// A whole number of any type, or a list of equal ones.
  package func integer(_ name: String) -> Int? { numbers(name).flatMap { Int($0) } }

  /// A number of any type, or a list of equal ones.
  package func number(_ name: String) -> Float? { numbers(name).flatMap { Float($0) } }

  private func numbers(_ name: String) -> Substring? {
    guard let value = values[ExactText(name)], let colon = value.firstIndex(of: ":") else { return nil }
    var rest = value[value.index(after: colon)...]
    guard value[..<colon] == "array" else { return rest }
    guard let next = rest.firstIndex(of: ":") else { return nil }
    rest = rest[rest.index(after: next)...]
    guard rest.hasPrefix("["), rest.hasSuffix("]") else { return nil }
    let items = rest.dropFirst().dropLast().split(separator: ",")
    guard let first = items.first, items.allSatisfy({ $0 == first }) else { return nil }
    return first
  }
}
