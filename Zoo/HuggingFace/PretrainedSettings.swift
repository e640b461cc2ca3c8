import GraphBuilder
import JSON
import ZooCore

/// The settings in a JSON file of a model's folder.
package struct PretrainedSettings: Sendable {
  package let json: JSON
  private let path: String

  package init(_ json: JSON, _ path: String) {
    self.json = json
    self.path = path
  }

  /// A value, unless it is absent or null.
  package func value(_ name: String) -> JSON? {
    guard let value = json[name], !value.isNull else { return nil }
    return value
  }

  package func text(_ name: String, default usual: String? = nil) throws -> String {
    guard let value = value(name) else { return try usual ?? missing(name) }
    return try value.text ?? missing(name)
  }

  package func bool(_ name: String, default usual: Bool) throws -> Bool {
    guard let value = value(name) else { return usual }
    return try value.bool ?? missing(name)
  }

  /// A number of things: at least 1, and no more than any network has.
  package func count(_ name: String, default usual: Int? = nil, most: Int = 1 << 30) throws -> Int {
    guard let value = value(name) else { return try usual ?? missing(name) }
    guard let count = value.integer, count > 0, count <= most else { return try missing(name) }
    return count
  }

  package func float(_ name: String, default usual: Float) throws -> Float {
    guard let value = value(name) else { return usual }
    guard let number = value.number, number.isFinite else { return try missing(name) }
    return Float(number)
  }

  /// A list of numbers of things; `usual` where there is none.
  package func counts(_ name: String, default usual: [Int]? = nil, most: Int = 1 << 16) throws -> [Int] {
    guard let value = value(name) else { return try usual ?? missing(name) }
    let numbers = value.list?.compactMap(\.integer) ?? []
    guard !numbers.isEmpty, numbers.count == value.list?.count, numbers.count <= 1000,
      numbers.allSatisfy({ (1...most).contains($0) })
    else { return try missing(name) }
    return numbers
  }

  /// Height and width, as a list or as one number for both.
  package func sides(_ name: String, default usual: Int) throws -> (height: Int, width: Int) {
    guard let value = value(name) else { return (usual, usual) }
    let numbers = (value.list ?? [value, value]).compactMap(\.integer)
    guard numbers.count == 2, numbers.allSatisfy({ (1...1 << 14).contains($0) }) else { return try missing(name) }
    return (numbers[0], numbers[1])
  }

  /// What lies between the layers of feed-forward networks.
  ///
  /// - Throws: `ZooError` (`unsupported`) for a function that is not known.
  package func activation(_ name: String, default usual: String) throws -> Activation {
    switch try text(name, default: usual) {
    case "gelu", "gelu_python": return .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh", "gelu_accurate": return .tanhGelu
    case "quick_gelu": return .sigmoidGelu
    case "relu": return .relu
    case "silu", "swish": return .silu
    case "tanh": return .tanh
    case "sigmoid": return .sigmoid
    case "linear": return .identity
    case let function:
      throw ZooError(.unsupported, "\"\(name)\" is the function \(function), which is unknown", at: path)
    }
  }

  /// Refuses a network that one of these settings, which are not built, makes another.
  ///
  /// - Parameter usual: What a setting must be if it is there.
  /// - Throws: `ZooError` (`unsupported`), which names the setting.
  package func require(_ usual: KeyValuePairs<String, JSON>) throws {
    for (name, wanted) in usual {
      guard let value = value(name), value.document != wanted.document else { continue }
      throw ZooError(
        .unsupported,
        "networks whose \"\(name)\" is \(value.document.prefix(80)) are not built, only \(wanted.document)",
        at: path)
    }
  }

  /// A token's id, or a list of such.
  package func tokens(_ name: String) throws -> [Int] {
    guard let value = value(name) else { return [] }
    let ids = value.list ?? [value]
    return try ids.map { item in
      guard let id = item.integer, id >= 0, id <= Int(Int32.max) else { return try missing(name) }
      return id
    }
  }

  private func missing<Value>(_ name: String) throws -> Value {
    throw ZooError(.badData, "\"\(name)\" is missing, or not what it should be", at: path)
  }
}
