/// The little of pickle's protocol 2 that a state dictionary takes.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]

  mutating func global(_ module: String, _ name: String) { bytes += "c\(module)\n\(name)\n".utf8 }

  mutating func text(_ text: String) {
    let characters = Array(text.utf8)
    bytes += [UInt8(ascii: "X")] + Self.bytes(UInt32(truncatingIfNeeded: characters.count)) + characters
  }

  mutating func integer(_ value: Int) {
    if let short = UInt8(exactly: value) {
      bytes += [UInt8(ascii: "K"), short]
    } else if let long = Int32(exactly: value) {
      bytes += [UInt8(ascii: "J")] + Self.bytes(long)
    } else {
      // LONG1: two's complement of 8 bytes.
      bytes += [0x8A, 8] + Self.bytes(Int64(value))
    }
  }

  mutating func no() { bytes.append(0x89) }

  mutating func tuple(_ items: (inout PickleWriter) -> Void) {
    bytes.append(UInt8(ascii: "("))
    items(&self)
    bytes.append(UInt8(ascii: "t"))
  }

  mutating func integers(_ values: [Int]) {
    tuple { for value in values { $0.integer(value) } }
  }

  /// What a global makes of arguments.
  mutating func call(_ module: String, _ name: String, _ arguments: (inout PickleWriter) -> Void) {
    global(module, name)
    tuple(arguments)
    bytes.append(UInt8(ascii: "R"))
  }

  /// An object that lies outside the pickle, named by a tuple.
  mutating func persistent(_ identifier: (inout PickleWriter) -> Void) {
    tuple(identifier)
    bytes.append(UInt8(ascii: "Q"))
  }

  /// Keys and values, one after the other, for the dictionary before.
  mutating func entries(_ items: (inout PickleWriter) throws -> Void) rethrows {
    bytes.append(UInt8(ascii: "("))
    try items(&self)
    bytes.append(UInt8(ascii: "u"))
  }

  mutating func stop() { bytes.append(UInt8(ascii: ".")) }

  private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
