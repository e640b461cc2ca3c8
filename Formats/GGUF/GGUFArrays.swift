import JSON
import ZooCore

/// The values that a property's text stands for.
extension GGUFFormat {
  /// The texts of an array of strings; `nil` for anything else.
  package static func texts(_ value: String) -> [String]? {
    guard let list = list(value, ["string"]) else { return nil }
    return try? JSON(String(list)).list?.compactMap(\.text)
  }

  /// The numbers of an array of numbers of any type; `nil` for anything else.
  package static func numbers(_ value: String) -> [Float]? {
    numbers(value) { text in text.hasPrefix("0x") ? .nan : Float(text) }
  }

  /// The whole numbers of an array of such; `nil` for anything else.
  package static func integers(_ value: String) -> [Int]? { numbers(value) { Int($0) } }

  /// The whole number, of any type.
  package static func integer(_ value: String) -> Int? { GGUFValue.whole(value) }

  package static func bool(_ value: String) -> Bool? {
    switch value {
    case "bool:true": true
    case "bool:false": false
    default: nil
    }
  }

  /// A string, which stands there as it is but where it could be taken for another value.
  package static func text(_ value: String) -> String {
    value.utf8.starts(with: "string:".utf8) ? String(Substring(value.utf8.dropFirst(7))) : value
  }

  private static func numbers<Number>(_ value: String, _ number: (Substring) -> Number?) -> [Number]? {
    let kinds = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
    guard let list = list(value, kinds) else { return nil }
    var numbers: [Number] = []
    let items = list.utf8.dropFirst().dropLast()
    guard !items.isEmpty else { return [] }
    for item in items.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let number = number(Substring(item)) else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// What follows `array:` and one of these types: `[…]`.
  private static func list(_ value: String, _ kinds: [String]) -> Substring? {
    for kind in kinds {
      let start = "array:\(kind):["
      if value.utf8.starts(with: start.utf8), value.utf8.last == UInt8(ascii: "]") {
        return Substring(value.utf8.dropFirst(start.utf8.count - 1))
      }
    }
    return nil
  }
}
