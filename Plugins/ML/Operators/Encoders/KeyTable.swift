import CZooPlugin
import PluginSupport
import ZooPlugin

/// Numbers of texts, by their bytes. Texts come from files and inputs: the hash is Swift's, with a key for each process,
/// so that nobody can choose texts that meet.
final class TextTable: Sendable {
  private struct Slot: BitwiseCopyable {
    var hash: Int
    /// -1 where the slot is free.
    var number: Int32
    var start, count: Int
  }
  private let slots: Scratch<Slot>
  private let bytes: Scratch<UInt8>
  private let mask: Int

  /// - Parameter lastCounts: Whether a text that occurs twice has the number of its last place, not of its first.
  init(_ texts: [[UInt8]], lastCounts: Bool = false, host: ZooHost) throws {
    guard texts.count < 1 << 30 else { throw OperatorError("there are \(texts.count) texts") }
    var capacity = 8
    while capacity < 2 * texts.count { capacity *= 2 }
    mask = capacity - 1
    slots = try host.scratch(repeating: Slot(hash: 0, number: -1, start: 0, count: 0), count: capacity)
    bytes = try host.scratch(texts.reduce(0) { $0.saturatingPlus($1.count) })
    var start = 0
    for (number, text) in texts.enumerated() {
      for (index, byte) in text.enumerated() { bytes[start + index] = byte }
      text.withUnsafeBytes { text in
        let (place, hash) = place(of: text)
        if slots[place].number < 0 {
          slots[place] = Slot(hash: hash, number: Int32(number), start: start, count: text.count)
        } else if lastCounts {
          slots[place].number = Int32(number)
        }
      }
      start += text.count
    }
  }

  convenience init(_ texts: [String], lastCounts: Bool = false, host: ZooHost) throws {
    try self.init(texts.map { Array($0.utf8) }, lastCounts: lastCounts, host: host)
  }

  /// The number of a text; `nil` where there is no such text.
  func number(of text: zoo_string) -> Int? {
    number(of: UnsafeRawBufferPointer(start: text.bytes, count: text.count))
  }

  func number(of text: UnsafeRawBufferPointer) -> Int? {
    let number = slots[place(of: text).index].number
    return number < 0 ? nil : Int(number)
  }

  /// The slot of a text, or the free one where it would be.
  private func place(of text: UnsafeRawBufferPointer) -> (index: Int, hash: Int) {
    var hasher = Hasher()
    hasher.combine(bytes: text)
    let hash = hasher.finalize()
    var index = hash & mask
    while slots[index].number >= 0 {
      let slot = slots[index]
      if slot.hash == hash, slot.count == text.count,
        bytes.withPointer({ UnsafeRawBufferPointer(start: $0 + slot.start, count: slot.count).elementsEqual(text) })
      {
        break
      }
      index = (index + 1) & mask
    }
    return (index, hash)
  }
}

/// Numbers of keys of any type that labels have.
enum KeyTable: Sendable {
  case texts(TextTable)
  /// By `key(of:)`.
  case numbers([UInt64: Int])

  init(_ list: LabelList, lastCounts: Bool, host: ZooHost) throws {
    switch list {
    case .texts(let texts): self = .texts(try TextTable(texts, lastCounts: lastCounts, host: host))
    case .ints(let ints, _):
      self = .numbers(Self.table(ints.map { UInt64(bitPattern: Int64($0)) }, lastCounts))
    case .floats(let floats, let type):
      self = .numbers(Self.table(floats.map { type == .float32 ? key(of: Float($0)) : key(of: $0) }, lastCounts))
    }
  }

  private static func table(_ keys: [UInt64], _ lastCounts: Bool) -> [UInt64: Int] {
    Dictionary(zip(keys, keys.indices)) { lastCounts ? $1 : $0 }
  }

  /// Calls `body` with the place of each element and the number of its key.
  ///
  /// - Parameter wholeNumbers: Whether keys are integers, and floats lose their fractions.
  func forEach(_ tensor: TensorView, wholeNumbers: Bool = false, _ body: (Int, Int?) throws -> Void) throws {
    let count = tensor.count
    guard count > 0, tensor.data != nil else { return }
    switch self {
    case .texts(let table):
      guard tensor.type == .string else { throw unsupported(tensor.type) }
      let texts = tensor.pointer(as: zoo_string.self)
      for index in 0..<count { try body(index, table.number(of: texts[index])) }
    case .numbers(let table):
      func look<Element: BitwiseCopyable>(_: Element.Type, _ key: (Element) -> UInt64) throws {
        let elements = tensor.pointer(as: Element.self)
        for index in 0..<count { try body(index, table[key(elements[index])]) }
      }
      switch tensor.type {
      case .float32: try look(Float.self) { wholeNumbers ? wholeKey(of: Double($0)) : key(of: $0) }
      case .float64: try look(Double.self) { wholeNumbers ? wholeKey(of: $0) : key(of: $0) }
      case .int64: try look(Int64.self) { UInt64(bitPattern: $0) }
      case .int32: try look(Int32.self) { UInt64(bitPattern: Int64($0)) }
      case .int16: try look(Int16.self) { UInt64(bitPattern: Int64($0)) }
      default: throw unsupported(tensor.type)
      }
    }
  }
}

/// Both zeros are one key, and all NaN are.
private func key(of number: Float) -> UInt64 {
  UInt64(number.isNaN ? Float.nan.bitPattern : number == 0 ? 0 : number.bitPattern)
}

private func key(of number: Double) -> UInt64 {
  number.isNaN ? Double.nan.bitPattern : number == 0 ? 0 : number.bitPattern
}

private func wholeKey(of number: Double) -> UInt64 {
  UInt64(bitPattern: Int64(exactly: number.rounded(.towardZero)) ?? .min)
}
