import ZooCore

/// A JSON value (RFC 8259).
///
/// Foundation's reader puts members into dictionaries of `String`, for which two names that Unicode holds for
/// equivalent are one: half of a vocabulary's accents would be lost. Here members keep their order, names are told apart
/// by their bytes, and repeated ones can be seen.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([Member])

  package struct Member: Sendable {
    package let name: String
    package let value: JSON

    package init(name: String, value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The value that the whole of `bytes` is.
  ///
  /// - Throws: `ZooError` (`badData`) for anything that is not JSON, and for values within more than
  ///   `JSONCursor.greatestDepth` others.
  package init(_ bytes: UnsafeRawBufferPointer, allowsNonFinite: Bool = false) throws {
    var cursor = JSONCursor(bytes, allowsNonFinite: allowsNonFinite)
    self = try cursor.value()
    try cursor.finish()
  }

  /// The value that the whole of `text` is.
  package init(_ text: String, allowsNonFinite: Bool = false) throws {
    var text = text
    self = try text.withUTF8 { try JSON(UnsafeRawBufferPointer($0), allowsNonFinite: allowsNonFinite) }
  }

  /// The document that Python wrote or somebody's editor saved: NaN and infinities are numbers, and a byte-order mark may
  /// stand first.
  package init(lenient text: String) throws {
    let scalars = text.unicodeScalars
    try self.init(scalars.first == "\u{FEFF}" ? String(scalars.dropFirst()) : text, allowsNonFinite: true)
  }

  /// The last member of that name; `nil` if there is none or the value is no object.
  package subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  package var isNull: Bool { if case .null = self { true } else { false } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var text: String? { if case .text(let value) = self { value } else { nil } }
  package var list: [JSON]? { if case .list(let items) = self { items } else { nil } }
  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// A number with or without a fraction.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
