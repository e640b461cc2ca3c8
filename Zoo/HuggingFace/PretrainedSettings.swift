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
  package func count(_ name: String, default usual: Int? = nil) throws -> Int {
    guard let value = value(name) else { return try usual ?? missing(name) }
    guard let count = value.integer, count > 0, count <= 1 << 30 else { return try missing(name) }
    return count
  }

  package func float(_ name: String, default usual: Float) throws -> Float {
    guard let value = value(name) else { return usual }
    guard let number = value.number, number.isFinite else { return try missing(name) }
    return Float(number)
  }

  /// What lies between the layers of feed-forward networks.
  ///
  /// - Throws: `ZooError` (`unsupported`) for a function that is not known.
  package func activation(_ name: String, default usual: String) throws -> Activation {
    switch try text(name, default: usual) {
    case "gelu": return .gelu
    case "gelu_new", "gelu_pytorch_tanh": return .tanhGelu
    case "relu": return .relu
    case let name: throw ZooError(.unsupported, "the activation \(name) is unknown", at: path)
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
