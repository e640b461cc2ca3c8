import Glibc

/// The SHA-256 sum (FIPS 180-4) of bytes that come in pieces.
struct SHA256 {
  private static let blockSize = 64
  private static let primes: [Double] = (2...311).filter { number in
    (2..<number).allSatisfy { number % $0 != 0 }
  }.map(Double.init)
  /// The first 32 bits behind the point of the primes' cube roots, which double precision has.
  private static let constants = primes.map { fraction(cbrt($0)) }

  /// At first of the square roots of the first eight primes.
  private var state = primes.prefix(8).map { fraction($0.squareRoot()) }
  private var count: UInt64 = 0
  /// What fills no block yet.
  private var rest: [UInt8] = []

  private static func fraction(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 0x1p32) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    rest += bytes
    let whole = rest.count / Self.blockSize * Self.blockSize
    let blocks = rest
    blocks.withUnsafeBytes { for start in stride(from: 0, to: whole, by: Self.blockSize) { addBlock($0, at: start) } }
    rest.removeFirst(whole)
  }

  /// The sum of all that has been added, in lower-case hexadecimal. Nothing can be added after that.
  mutating func finish() -> String {
    let bits = (count * 8).bigEndian
    let zeros = (2 * Self.blockSize - 1 - 8 - rest.count % Self.blockSize) % Self.blockSize
    let ending = [0x80] + [UInt8](repeating: 0, count: zeros) + withUnsafeBytes(of: bits, Array.init)
    ending.withUnsafeBytes { add($0) }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private mutating func addBlock(_ bytes: UnsafeRawBufferPointer, at start: Int) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      for index in 0..<16 {
        words[index] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self))
      }
      for index in 16..<64 {
        let (early, late) = (words[index - 15], words[index - 2])
        let first = Self.rotated(early, 7) ^ Self.rotated(early, 18) ^ early >> 3
        let second = Self.rotated(late, 17) ^ Self.rotated(late, 19) ^ late >> 10
        words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
      }
      mix(words)
    }
  }

  private mutating func mix(_ words: UnsafeMutableBufferPointer<UInt32>) {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    Self.constants.withUnsafeBufferPointer { constants in
      for index in 0..<64 {
        let turned = Self.rotated(e, 6) ^ Self.rotated(e, 11) ^ Self.rotated(e, 25)
        let first = h &+ turned &+ (e & f ^ ~e & g) &+ constants[index] &+ words[index]
        let second = (Self.rotated(a, 2) ^ Self.rotated(a, 13) ^ Self.rotated(a, 22)) &+ (a & b ^ a & c ^ b & c)
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
      }
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 - count) }
}
