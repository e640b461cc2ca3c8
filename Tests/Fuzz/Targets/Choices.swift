/// What a fuzzer's bytes decide, one after the other; when they are used up, every choice is the first.
struct Choices {
  private static let edges: [Int64] = [
    .max, .min, .max - 1, .min + 1, 1 << 62, 1 << 40, 1 << 32, 1 << 31, 0x7FFF_FFFF, -0x8000_0000, 1 << 53, -1, 0,
  ]

  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isEmpty: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    guard place < bytes.count else { return 0 }
    defer { place += 1 }
    return bytes[place]
  }

  /// A number below `count`.
  mutating func number(below count: Int) -> Int {
    if count <= 256 { return Int(byte()) % max(count, 1) }
    return (Int(byte()) << 8 | Int(byte())) % count
  }

  mutating func one<Element>(of items: [Element]) -> Element { items[number(below: items.count)] }

  /// True once in `count` times, but never when the bytes are used up.
  mutating func rarely(_ count: UInt8) -> Bool { byte() % count == count - 1 }

  /// Numbers with which arithmetic goes wrong, and ordinary ones.
  mutating func integer() -> Int64 {
    let usual = Int64(Int8(bitPattern: byte()))
    guard rarely(4) else { return usual % 9 }
    return one(of: Self.edges)
  }

  mutating func float() -> Float {
    let usual = Float(Int8(bitPattern: byte())) / 16
    guard rarely(4) else { return usual }
    return one(of: [.nan, .infinity, -.infinity, 3e38, -3e38, 1e-37, -0.0, 9.3e18, 4.3e9, 0.5])
  }

  /// Up to `most` bytes as they are.
  mutating func text(_ most: Int) -> [UInt8] {
    let count = number(below: most + 1)
    return (0..<count).map { _ in byte() }
  }
}
