import Zip
import ZooCore

/// A GGUF file's metadata by name.
package struct GGUFMetadata: Sendable {
  private let values: [ExactText: GGUFItem]

  init(_ values: [ExactText: GGUFItem]) { self.values = values }

  /// - Parameter properties: As `GGUFFormat.read` gives them.
  package init(_ properties: [Property]) {
    // What text stands for was written as such a value, and can be read.
    let items = properties.compactMap { property in
      GGUFValue.bytes(property.value).withUnsafeBytes { bytes in
        var cursor = ByteCursor(bytes)
        return (try? GGUFItem(&cursor)).map { (ExactText(property.key), $0) }
      }
    }
    values = Dictionary(items) { first, _ in first }
  }

  /// These, and those of `others` whose names are not among them.
  func adding(_ others: GGUFMetadata) -> GGUFMetadata {
    GGUFMetadata(values.merging(others.values) { own, _ in own })
  }

  package func has(_ name: String) -> Bool { values[ExactText(name)] != nil }

  /// All names.
  package var names: some Sequence<String> { values.keys.lazy.map(\.text) }

  /// A text; `nil` where there is none of that name.
  package func text(_ name: String) -> String? {
    guard case .text(let text)? = values[ExactText(name)] else { return nil }
    return text
  }

  package func bool(_ name: String) -> Bool? {
    guard case .bool(let value)? = values[ExactText(name)] else { return nil }
    return value
  }

  /// A whole number of any type, or a list of equal ones.
  package func integer(_ name: String) -> Int? {
    switch values[ExactText(name)] {
    case .integer(let value)?: value
    case .integers(let list)?: list.allSatisfy { $0 == list.first } ? list.first : nil
    default: nil
    }
  }

  /// A number of any type, or a list of equal ones.
  package func number(_ name: String) -> Float? {
    switch values[ExactText(name)] {
    case .number(let value)?: value
    case .numbers(let list)?: list.allSatisfy { $0 == list.first } ? list.first : nil
    default: integer(name).map { Float($0) }
    }
  }

  /// The texts of a list of texts.
  package func texts(_ name: String) -> [String]? {
    guard case .texts(let list)? = values[ExactText(name)] else { return nil }
    return list
  }

  /// The whole numbers of a list of such of any type.
  package func integers(_ name: String) -> [Int]? {
    guard case .integers(let list)? = values[ExactText(name)] else { return nil }
    return list
  }

  /// The numbers of a list of numbers of any type.
  package func numbers(_ name: String) -> [Float]? {
    guard case .numbers(let list)? = values[ExactText(name)] else { return integers(name)?.map { Float($0) } }
    return list
  }
}

/// A value of GGUF's metadata.
enum GGUFItem: Sendable {
  case text(String)
  case bool(Bool)
  case integer(Int)
  case number(Float)
  case texts([String])
  case integers([Int])
  case numbers([Float])
  /// Texts that are no UTF-8, arrays of arrays and of truth values, and of numbers that `Int` can't hold.
  case other

  /// The value that follows.
  ///
  /// - Throws: `ZooError` (`badData`) for one that is cut off, and for unknown types.
  init(_ cursor: inout ByteCursor) throws {
    switch try GGUFValue.kind(&cursor) {
    case .string:
      let bytes = try Self.text(&cursor)
      self = String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .other
    case .bool: self = .bool(try GGUFValue.bool(&cursor))
    case .float32: self = .number(Float(bitPattern: try cursor.integer()))
    case .float64: self = .number(Float(Double(bitPattern: try cursor.integer())))
    case .array: self = try Self.list(&cursor)
    case .uint64:
      let number: UInt64 = try cursor.integer()
      self = Int(exactly: number).map { .integer($0) } ?? .number(Float(number))
    case let kind: self = try Self.whole(kind, &cursor).map { .integer($0) } ?? .other
    }
  }

  private static func text(_ cursor: inout ByteCursor) throws -> Slice<UnsafeRawBufferPointer> {
    cursor.bytes[try cursor.take(cursor.length(UInt64.self))]
  }

  private static func list(_ cursor: inout ByteCursor) throws -> GGUFItem {
    var next = cursor
    let (kind, count) = try GGUFValue.arrayHead(&next, depth: 0)
    switch kind {
    case .string:
      cursor = next
      return try texts(count, &cursor)
    case .float32:
      cursor = next
      return .numbers(try (0..<count).map { _ in Float(bitPattern: try cursor.integer()) })
    case .float64:
      cursor = next
      return .numbers(try (0..<count).map { _ in Float(Double(bitPattern: try cursor.integer())) })
    case .array, .bool:
      try GGUFValue.passArray(&cursor, depth: 0)
      return .other
    default:
      cursor = next
      return try integers(kind, count, &cursor)
    }
  }

  private static func integers(_ kind: GGUFValue.Kind, _ count: Int, _ cursor: inout ByteCursor) throws -> GGUFItem {
    var list: [Int] = []
    list.reserveCapacity(count)
    for _ in 0..<count {
      if let number = try whole(kind, &cursor) { list.append(number) }
    }
    return list.count == count ? .integers(list) : .other
  }

  private static func texts(_ count: Int, _ cursor: inout ByteCursor) throws -> GGUFItem {
    var list: [String] = []
    list.reserveCapacity(count)
    for _ in 0..<count {
      if let text = String(validating: try text(&cursor), as: UTF8.self) { list.append(text) }
    }
    return list.count == count ? .texts(list) : .other
  }

  private static func whole(_ kind: GGUFValue.Kind, _ cursor: inout ByteCursor) throws -> Int? {
    switch kind {
    case .uint8: Int(try cursor.integer(UInt8.self))
    case .int8: Int(try cursor.integer(Int8.self))
    case .uint16: Int(try cursor.integer(UInt16.self))
    case .int16: Int(try cursor.integer(Int16.self))
    case .uint32: Int(try cursor.integer(UInt32.self))
    case .int32: Int(try cursor.integer(Int32.self))
    case .uint64: Int(exactly: try cursor.integer(UInt64.self))
    case .int64: Int(try cursor.integer(Int64.self))
    default: throw ZooError(.defect, "a \(kind) is no whole number")
    }
  }
}
