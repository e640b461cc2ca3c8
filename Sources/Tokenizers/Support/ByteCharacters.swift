/// The printable characters that stand for bytes in byte-level vocabularies (Radford et al. 2019).
///
/// Printable bytes of Latin-1 stand for themselves; the others get the characters from U+0100 on, in order.
enum ByteCharacters {
  /// By byte.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt8) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "\u{FFFD}"
      }
    }
  }()

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: Int(characters.map(\.value).max() ?? 0) + 1)
    for (byte, character) in characters.enumerated() { bytes[Int(character.value)] = UInt8(byte) }
    return bytes
  }()

  /// The byte that a character stands for; `nil` for a character that stands for none.
  static func byte(of character: Unicode.Scalar) -> UInt8? {
    character.value < bytes.count ? bytes[Int(character.value)] : nil
  }

  /// The characters of a text's UTF-8.
  static func characters(of text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    text.utf8.map { characters[Int($0)] }
  }
}
