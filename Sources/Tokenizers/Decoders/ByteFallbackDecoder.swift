/// Joins tokens that stand for bytes, `<0xE2>`; bytes that give no UTF-8 together become U+FFFD each.
struct ByteFallbackDecoder: TokenDecoder {
  func decode(_ tokens: [[UInt8]], _ budget: Budget) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      guard !bytes.isEmpty else { return }
      let isText = String(validating: bytes, as: UTF8.self) != nil
      result.append(isText ? bytes : Array(repeatElement("\u{FFFD}".utf8, count: bytes.count).joined()))
      bytes = []
    }
    for token in tokens {
      if let byte = Self.byte(token) {
        bytes.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  func bytes(of token: [UInt8]) -> [UInt8]? { Self.byte(token).map { [$0] } }

  /// The token that stands for a byte.
  static func token(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(byte < 16 ? "0" : "")\(digits)>"
  }

  private static func byte(_ token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }
}
