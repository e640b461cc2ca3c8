/// The bytes that the characters of byte-level tokens stand for; what is no UTF-8 becomes U+FFFD.
struct ByteLevelDecoder: TokenDecoder {
  func decode(_ tokens: [[UInt8]], _ budget: Budget) -> [[UInt8]] {
    [Array(String(decoding: tokens.flatMap(Self.bytes), as: UTF8.self).utf8)]
  }

  func bytes(of token: [UInt8]) -> [UInt8]? { Self.bytes(token) }

  private static func bytes(_ token: [UInt8]) -> [UInt8] {
    let bytes = String(decoding: token, as: UTF8.self).unicodeScalars.map(ByteCharacters.byte)
    // A token with any other character (an added one) is text.
    return bytes.contains(nil) ? token : bytes.compactMap { $0 }
  }
}
