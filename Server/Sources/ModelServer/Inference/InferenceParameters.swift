/// What a request, an input or an output says besides, in either transport.
struct InferenceParameters: Sendable {
  enum Value: Sendable {
    case bool(Bool)
    case int(Int)
    /// What no parameter that means something here is.
    case other
  }

  private let values: [String: Value]

  init(_ values: [String: Value]) { self.values = values }

  /// - Throws: `Failure` (400) as `JSONValue.object`.
  init(json: JSONValue?) throws {
    values = try (json?.object() ?? [:]).mapValues { value in
      value.bool.map { .bool($0) } ?? value.int.map { .int($0) } ?? .other
    }
  }

  var names: [String] { values.keys.sorted() }

  subscript(name: String) -> Value? { values[name] }

  func bool(_ name: String) -> Bool? { if case .bool(let value)? = values[name] { value } else { nil } }

  func int(_ name: String) -> Int? { if case .int(let value)? = values[name] { value } else { nil } }
}
