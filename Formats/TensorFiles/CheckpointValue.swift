/// A value of a checkpoint that is no tensor: what was saved beside the weights, or an entry of its `config.json`.
package indirect enum CheckpointValue: Sendable, Hashable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case text(String)
  case bytes([UInt8])
  /// A list, tuple or set.
  case list([CheckpointValue])
  case dictionary([String: CheckpointValue])
  /// Something that has no counterpart here; the text says what.
  case other(String)

  /// The texts of a list of texts, as labels are kept; `nil` for anything else.
  package var texts: [String]? {
    guard case .list(let items) = self else { return nil }
    let texts = items.compactMap(\.text)
    return texts.count == items.count ? texts : nil
  }

  package var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  package var int: Int? {
    if case .int(let number) = self { number } else { nil }
  }

  /// The number of a float or an int.
  package var number: Double? {
    switch self {
    case .int(let number): Double(number)
    case .float(let number): number
    default: nil
    }
  }
}

/// JSON's values.
extension CheckpointValue: Decodable {
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .none
    } else if let flag = try? value.decode(Bool.self) {
      self = .bool(flag)
    } else if let number = try? value.decode(Int.self) {
      self = .int(number)
    } else if let number = try? value.decode(Double.self) {
      self = .float(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([CheckpointValue].self) {
      self = .list(list)
    } else {
      self = .dictionary(try value.decode([String: CheckpointValue].self))
    }
  }
}
