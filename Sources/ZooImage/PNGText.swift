import CZlib

/// A text chunk of a PNG file (PNG 3, 11.3.3): tEXt, zTXt or iTXt.
struct PNGText {
  private let kind: String
  private let keyword: ArraySlice<UInt8>
  /// What follows the keyword and its zero.
  private let rest: ArraySlice<UInt8>

  /// Longer texts are not read; Pillow's limit.
  private static let mostBytes = 1 << 20

  /// The chunk of `kind`; `nil` for chunks without text.
  init?(kind: String, data: ArraySlice<UInt8>) {
    guard ["tEXt", "zTXt", "iTXt"].contains(kind), let end = data.prefix(80).firstIndex(of: 0) else { return nil }
    self.kind = kind
    keyword = data[..<end]
    rest = data[(end + 1)...]
  }

  func has(keyword name: String) -> Bool { keyword.elementsEqual(name.utf8) }

  /// The text; `nil` where it is damaged or too long.
  var bytes: ArraySlice<UInt8>? {
    switch kind {
    case "tEXt": return rest
    case "zTXt": return rest.first == 0 ? Self.inflated(rest.dropFirst()) : nil
    default:
      // Whether it is compressed, the method, a language and a translated keyword come first.
      let parts = rest.dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      return rest.first == 0 ? parts[2] : Self.inflated(parts[2])
    }
  }

  private static func inflated(_ packed: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var status = Z_DATA_ERROR
    let text = [UInt8](unsafeUninitializedCapacity: mostBytes) { text, count in
      var length = uLongf(mostBytes)
      status = packed.withUnsafeBufferPointer {
        uncompress(text.baseAddress, &length, $0.baseAddress, uLong($0.count))
      }
      count = status == Z_OK ? Int(length) : 0
    }
    return status == Z_OK ? text[...] : nil
  }

  /// The bytes of a raw profile as ImageMagick writes it: its name and its length on lines of their own, then
  /// hexadecimal digits.
  var rawProfile: ArraySlice<UInt8>? {
    guard let lines = bytes?.split(separator: 0x0a, maxSplits: 3, omittingEmptySubsequences: false), lines.count == 4
    else { return nil }
    var profile: [UInt8] = []
    var high: UInt8?
    for character in lines[3] where !(character == 0x20 || (0x09...0x0d).contains(character)) {
      guard let digit = Character(Unicode.Scalar(character)).hexDigitValue.map(UInt8.init) else { return nil }
      if let first = high {
        profile.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? profile[...] : nil
  }
}
