import ModelZoo

/// An answer in JSON with the number of its form, `schema`, which changes when members lose their meaning or go.
struct Versioned<Value: Encodable>: Encodable {
  private enum Key: CodingKey {
    case schema
  }

  private let value: Value

  init(_ value: Value) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(1, forKey: .schema)
  }
}

/// An error in JSON.
struct ErrorReport: Encodable {
  var kind: String
  var message: String
  var location: String?
  var advice: String?
  /// The exit status of a command that it ends.
  var status: Int32

  init(_ error: any Error) {
    let error = error as? ZooError ?? ZooError(.defect, "\(error)")
    switch error.kind {
    case .usage: kind = "usage"
    case .badData: kind = "bad-data"
    case .notFound: kind = "not-found"
    case .unsupported: kind = "unsupported"
    case .missingOperator: kind = "missing-operator"
    case .badInput: kind = "bad-input"
    case .badShape: kind = "bad-shape"
    case .outOfMemory: kind = "out-of-memory"
    case .cancelled: kind = "cancelled"
    case .deadlineExceeded: kind = "deadline-exceeded"
    case .defect: kind = "defect"
    }
    (message, location, advice, status) = (error.message, error.location, error.advice, error.kind.exitStatus)
  }
}
