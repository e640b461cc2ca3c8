import ZooCore

/// A message of protobuf's text format: fields by name, in the file's order. No schema is needed to read one.
struct TextMessage {
  indirect enum Value {
    case message(TextMessage)
    /// A quoted string.
    case text(String)
    /// A number, a truth value or the name of an enumeration's case, as it is written.
    case word(String)
  }

  var fields: [(name: String, value: Value)] = []

  func values(_ name: String) -> [Value] {
    fields.compactMap { $0.name == name ? $0.value : nil }
  }

  func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

  /// The value of a field that occurs at most once.
  private func single(_ name: String) throws -> Value? {
    let values = values(name)
    guard values.count <= 1 else { throw ZooError(.badData, "\(name) is given \(values.count) times") }
    return values.first
  }

  func messages(_ name: String) throws -> [TextMessage] {
    try values(name).map {
      guard case .message(let message) = $0 else { throw ZooError(.badData, "\(name) is no message in braces") }
      return message
    }
  }

  /// The message in that field; an empty one where there is none.
  func message(_ name: String) throws -> TextMessage {
    guard let value = try single(name) else { return TextMessage() }
    guard case .message(let message) = value else { throw ZooError(.badData, "\(name) is no message in braces") }
    return message
  }

  func texts(_ name: String) throws -> [String] {
    try values(name).map {
      guard case .text(let text) = $0 else { throw ZooError(.badData, "\(name) is no text in quotes") }
      return text
    }
  }

  func text(_ name: String) throws -> String? {
    _ = try single(name)
    return try texts(name).first
  }

  private func words(_ name: String) throws -> [String] {
    try values(name).map {
      guard case .word(let word) = $0 else { throw ZooError(.badData, "\(name) is neither a number nor a name") }
      return word
    }
  }

  /// The name of an enumeration's case. Older files may have it in quotes.
  func symbol(_ name: String) throws -> String? {
    switch try single(name) {
    case nil: return nil
    case .word(let word): return word
    case .text(let text): return text
    case .message: throw ZooError(.badData, "\(name) is a message, not a name")
    }
  }

  func symbols(_ name: String) throws -> [String] {
    try values(name).map {
      switch $0 {
      case .word(let word): return word
      case .text(let text): return text
      case .message: throw ZooError(.badData, "\(name) is a message, not a name")
      }
    }
  }

  /// Whole numbers of at most 32 bits, as Caffe's are.
  func ints(_ name: String) throws -> [Int] {
    try words(name).map { word in
      guard let number = Self.integer(word), let small = Int32(exactly: number) else {
        throw ZooError(.badData, "\(name) is \(word), which is no whole number of 32 bits")
      }
      return Int(small)
    }
  }

  func int(_ name: String) throws -> Int? {
    _ = try single(name)
    return try ints(name).first
  }

  func floats(_ name: String) throws -> [Float] {
    try words(name).map { word in
      var text = Substring(word)
      if text.last == "f" || text.last == "F", !text.lowercased().hasSuffix("inf") { text.removeLast() }
      guard let number = Float(text), number.isFinite else {
        throw ZooError(.badData, "\(name) is \(word), which is no number")
      }
      return number
    }
  }

  func float(_ name: String) throws -> Float? {
    _ = try single(name)
    return try floats(name).first
  }

  func bool(_ name: String) throws -> Bool? {
    _ = try single(name)
    guard let word = try words(name).first else { return nil }
    switch word {
    case "true", "True", "t", "1": return true
    case "false", "False", "f", "0": return false
    default: throw ZooError(.badData, "\(name) is \(word), neither true nor false")
    }
  }

  /// Decimal, hexadecimal (`0x`) or octal (`0`).
  private static func integer(_ word: String) -> Int? {
    let negative = word.hasPrefix("-")
    let digits = negative ? word.dropFirst() : Substring(word)
    let magnitude: Int?
    if digits.lowercased().hasPrefix("0x") {
      magnitude = Int(digits.dropFirst(2), radix: 16)
    } else if digits.count > 1, digits.first == "0" {
      magnitude = Int(digits.dropFirst(), radix: 8)
    } else {
      magnitude = Int(digits)
    }
    return magnitude.map { negative ? -$0 : $0 }
  }
}
