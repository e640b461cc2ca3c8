import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a model file word by word.
struct SVMText {
  private let bytes: UnsafeRawBufferPointer
  private(set) var place = 0

  /// Words that are longer than this are no numbers.
  private static let longestWord = 64

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Bytes that are left; no less than the words that are left.
  var remaining: Int { bytes.count - place }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  /// The next word of this line; `nil` at its end.
  mutating func word() throws -> Slice<UnsafeRawBufferPointer>? {
    while place < bytes.count, Self.isSpace(bytes[place]) { place += 1 }
    let start = place
    while place < bytes.count, !Self.isSpace(bytes[place]), bytes[place] != 0x0A { place += 1 }
    guard place - start <= Self.longestWord else { throw error("a word is too long", at: start) }
    return place == start ? nil : bytes[start..<place]
  }

  /// Goes on to the next line; whether there is one.
  mutating func nextLine() throws -> Bool {
    if try word() != nil { throw error("something is left of a line") }
    guard place < bytes.count else { return false }
    place += 1
    return place < bytes.count
  }

  mutating func text() throws -> String {
    guard let word = try word() else { throw error("a word is missing") }
    return String(decoding: word, as: UTF8.self)
  }

  mutating func integer(in range: ClosedRange<Int> = Int(Int32.min)...Int(Int32.max)) throws -> Int {
    let start = place
    guard let value = Int(try text()), range.contains(value) else {
      throw error("a whole number is missing", at: start)
    }
    return value
  }

  mutating func number() throws -> Double {
    guard let word = try word() else { throw error("a number is missing") }
    return try number(word)
  }

  func number(_ word: Slice<UnsafeRawBufferPointer>) throws -> Double {
    let value = withUnsafeTemporaryAllocation(byteCount: Self.longestWord + 1, alignment: 1) { copy -> Double? in
      guard let base = copy.baseAddress else { return nil }
      for (index, byte) in word.enumerated() { copy[index] = byte }
      copy[word.count] = 0
      let text = base.assumingMemoryBound(to: CChar.self)
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(text, &end)
      return end == text + word.count ? value : nil
    }
    guard let value, value.isFinite else { throw error("a number is none", at: word.startIndex) }
    return value
  }

  /// The numbers that are left of this line.
  mutating func numbers() throws -> [Double] {
    var numbers: [Double] = []
    while let word = try word() { numbers.append(try number(word)) }
    return numbers
  }

  mutating func integers() throws -> [Int] {
    try numbers().map { value in
      guard let number = Int32(exactly: value), number != .min else { throw error("a whole number is missing") }
      return Int(number)
    }
  }

  func error(_ message: String, at place: Int? = nil) -> ZooError {
    ZooError(
      .badData, message, at: "byte \(place ?? self.place)", advice: "the file is damaged; train or copy it again")
  }
}
