/// A part of the text between special tokens; pre-tokenizers cut it further, and no token crosses a cut.
struct Piece: Sendable {
  var scalars: ArraySlice<Unicode.Scalar>
  /// Whether the whole text begins with it.
  let isFirst: Bool

  /// A part of it.
  subscript(range: Range<Int>) -> Piece {
    Piece(scalars: scalars[range], isFirst: isFirst && range.lowerBound == scalars.startIndex)
  }
}

extension Sequence<Unicode.Scalar> {
  /// The text in UTF-8.
  var utf8: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(underestimatedCount)
    for scalar in self {
      if scalar.isASCII { bytes.append(UInt8(truncatingIfNeeded: scalar.value)) } else { bytes += UTF8.encode(scalar)! }
    }
    return bytes
  }
}

extension Array<Unicode.Scalar> {
  /// The text of valid UTF-8.
  init(utf8 bytes: [UInt8]) { self = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars) }
}
