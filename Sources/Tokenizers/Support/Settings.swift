import JSON
import ZooCore

/// The settings of one component in a tokenizer.json, and where they are, for errors.
struct Settings {
  /// `pre_tokenizer.pretokenizers[1]`.
  let path: String
  private let json: JSON

  init(_ json: JSON, _ path: String) {
    self.json = json
    self.path = path
  }

  /// A value, unless it is absent or null.
  func value(_ name: String) -> JSON? {
    guard let value = json[name], !value.isNull else { return nil }
    return value
  }

  func text(_ name: String) throws -> String {
    guard let text = try optionalText(name) else { throw missing(name, "a text") }
    return text
  }

  func optionalText(_ name: String) throws -> String? { try optional(name, "a text", \.text) }

  func bool(_ name: String, default usual: Bool) throws -> Bool {
    try optional(name, "true or false", \.bool) ?? usual
  }

  func optionalBool(_ name: String) throws -> Bool? { try optional(name, "true or false", \.bool) }

  func integer(_ name: String, default usual: Int) throws -> Int {
    try optional(name, "a whole number", \.integer) ?? usual
  }

  func integer(_ name: String) throws -> Int {
    guard let value = try optional(name, "a whole number", \.integer) else { throw missing(name, "a whole number") }
    return value
  }

  /// A token's id.
  func id(_ name: String) throws -> Int32 {
    guard let id = Int32(exactly: try integer(name)), id >= 0 else { throw missing(name, "a token's id") }
    return id
  }

  func list(_ name: String) throws -> [JSON] {
    guard let items = try optional(name, "a list", \.list) else { throw missing(name, "a list") }
    return items
  }

  /// A single character.
  func scalar(_ name: String, default usual: Unicode.Scalar? = nil) throws -> Unicode.Scalar {
    guard let text = try optionalText(name) else {
      if let usual { return usual }
      throw missing(name, "a character")
    }
    guard text.unicodeScalars.count == 1, let scalar = text.unicodeScalars.first else {
      throw missing(name, "one character")
    }
    return scalar
  }

  /// The settings of a component within this one; `nil` if there is none.
  func component(_ name: String) -> Settings? { value(name).map { Settings($0, "\(prefix)\(name)") } }

  /// The settings of a list's components.
  func components(_ name: String) throws -> [Settings] {
    try list(name).enumerated().map { Settings($1, "\(prefix)\(name)[\($0)]") }
  }

  /// The error of a component that is not known here.
  func unknown(_ kind: String, _ type: String) -> ZooError {
    ZooError(.unsupported, "the \(kind) \"\(type)\" is unknown", at: path)
  }

  func missing(_ name: String, _ what: String) -> ZooError {
    ZooError(.badData, "\(what) is missing", at: "\(prefix)\(name)")
  }

  private var prefix: String { path.isEmpty ? "" : "\(path)." }

  private func optional<Value>(_ name: String, _ what: String, _ property: (JSON) -> Value?) throws -> Value? {
    guard let value = value(name) else { return nil }
    guard let found = property(value) else { throw missing(name, what) }
    return found
  }
}
