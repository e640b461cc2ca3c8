import JSON
import ZooCore

/// The settings of a layer, checked.
struct KerasSettings {
  let config: JSON
  let place: String

  func value(_ name: String) -> JSON? {
    guard let value = config[name], !value.isNull else { return nil }
    return value
  }

  func has(_ name: String) -> Bool { value(name) != nil }

  func bool(_ name: String, or usual: Bool) throws -> Bool {
    guard let value = value(name) else { return usual }
    return try value.bool ?? wrong(name)
  }

  func number(_ name: String) throws -> Double? {
    guard let value = value(name) else { return nil }
    guard let number = value.number, number.isFinite else { return try wrong(name) }
    return number
  }

  func number(_ name: String, or usual: Double) throws -> Double { try number(name) ?? usual }

  func text(_ name: String, or usual: String) throws -> String {
    guard let value = value(name) else { return usual }
    return try value.text ?? wrong(name)
  }

  /// A number of things.
  func count(_ name: String, or usual: Int? = nil, in range: ClosedRange<Int> = 1...1 << 30) throws -> Int {
    guard let value = value(name) else { return try usual ?? wrong(name) }
    guard let count = value.integer, range.contains(count) else { return try wrong(name) }
    return count
  }

  /// As many numbers of things as there are axes; one alone is that of each.
  func counts(_ name: String, axes: Int, or usual: [Int]? = nil, in range: ClosedRange<Int> = 1...1 << 20) throws
    -> [Int]
  {
    guard let value = value(name) else { return try usual ?? wrong(name) }
    if let count = value.integer, range.contains(count) { return [Int](repeating: count, count: axes) }
    guard let list = value.list?.compactMap(\.integer), list.count == axes, value.list?.count == axes,
      list.allSatisfy({ range.contains($0) })
    else { return try wrong(name) }
    return list
  }

  /// Counts before and after each axis: one for all, one an axis, or two an axis.
  func margins(_ name: String, axes: Int) throws -> (before: [Int], after: [Int]) {
    guard let list = value(name)?.list, axes > 1 || list.count == 2,
      list.contains(where: { $0.list != nil }) || axes == 1
    else {
      let counts = try counts(name, axes: axes, in: 0...1 << 16)
      return (counts, counts)
    }
    let pairs = axes == 1 && list[0].list == nil ? [list] : list.compactMap(\.list)
    let numbers = pairs.map { $0.compactMap(\.integer) }
    guard numbers.count == axes, numbers.allSatisfy({ $0.count == 2 && $0.allSatisfy { (0...1 << 16).contains($0) } })
    else { return try wrong(name) }
    return (numbers.map { $0[0] }, numbers.map { $0[1] })
  }

  /// A number, or a list of them, however deep.
  func numbers(_ name: String) throws -> [Double] {
    guard let value = value(name) else { return try wrong(name) }
    func flat(_ json: JSON) throws -> [Double] {
      if let number = json.number { return [number] }
      guard let list = json.list else { return try wrong(name) }
      return try list.flatMap(flat)
    }
    return try flat(value)
  }

  /// An axis, or a list of them, of a value of that rank.
  func axes(_ name: String, or usual: Int, rank: Int) throws -> [Int] {
    let list = value(name).map { $0.list ?? [$0] } ?? [.integer(usual)]
    return try list.map { item in
      guard let axis = item.integer, axis >= -rank, axis < rank, axis != 0, axis != -rank else {
        return try wrong(name)
      }
      return axis < 0 ? axis + rank : axis
    }
  }

  var dataFormat: KerasDataFormat {
    get throws {
      switch try text("data_format", or: "channels_last") {
      case "channels_last": .channelsLast
      case "channels_first": .channelsFirst
      default: try wrong("data_format")
      }
    }
  }

  func wrong<Value>(_ name: String) throws -> Value {
    throw ZooError(.badData, "the setting \"\(name)\" is missing, or not what it should be", at: place)
  }
}
