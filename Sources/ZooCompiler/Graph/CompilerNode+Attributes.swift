import ZooCore

extension CompilerNode {
  /// The number in an attribute; `nil` where it has its default, or another kind of value.
  package func int(_ name: String) -> Int? {
    guard case .int(let value)? = self[attribute: name] else { return nil }
    return Int(value)
  }

  package func ints(_ name: String) -> [Int]? {
    guard case .ints(let values)? = self[attribute: name] else { return nil }
    return values.map { Int($0) }
  }

  package func float(_ name: String) -> Float? {
    guard case .float(let value)? = self[attribute: name] else { return nil }
    return value
  }

  package func text(_ name: String) -> String? {
    guard case .string(let bytes)? = self[attribute: name] else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Input `index`; `nil` where it is left out.
  package func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

  /// Whether it gives its first input's elements in their order.
  package var isView: Bool { declaration?.traits.contains(.view) == true }
}
