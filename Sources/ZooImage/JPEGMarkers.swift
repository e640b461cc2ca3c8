/// What a walk over a JPEG file's segments tells before decoding (ITU-T T.81, annex B; EXIF 2.3, 4.6).
struct JPEGMarkers {
  /// Whether the segments and scans reach the end-of-image marker.
  private(set) var isComplete = false
  /// EXIF's orientation, 1 to 8; 1 (upright) where the file does not say.
  private(set) var orientation = 1

  init(scanning bytes: UnsafeBufferPointer<UInt8>) {
    var position = 2
    var sawExif = false
    while position < bytes.count {
      // Entropy-coded data and stray bytes last until the next marker; FF 00 and the restart markers belong to them.
      guard bytes[position] == 0xff else {
        position += 1
        continue
      }
      guard position + 1 < bytes.count else { return }
      let marker = bytes[position + 1]
      switch marker {
      case 0xff: position += 1
      case 0x00, 0x01, 0xd0...0xd8: position += 2
      case 0xd9:
        isComplete = true
        return
      default:
        guard position + 3 < bytes.count else { return }
        let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
        guard length >= 2, position + 2 + length <= bytes.count else { return }
        if marker == 0xe1, !sawExif {
          let segment = UnsafeBufferPointer(rebasing: bytes[position + 4..<position + 2 + length])
          if segment.starts(with: "Exif\0\0".utf8) {
            sawExif = true
            orientation = exifOrientation(UnsafeBufferPointer(rebasing: segment[6...])) ?? 1
          }
        }
        position += 2 + length
      }
    }
  }
}

/// The orientation in the first directory of `tiff`, an EXIF block; `nil` where there is no valid one.
private func exifOrientation(_ tiff: UnsafeBufferPointer<UInt8>) -> Int? {
  let isLittle: Bool
  if tiff.starts(with: "II*\0".utf8) {
    isLittle = true
  } else if tiff.starts(with: "MM\0*".utf8) {
    isLittle = false
  } else {
    return nil
  }
  func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset <= tiff.count - count else { return nil }
    let field = tiff[offset..<offset + count]
    return isLittle ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
  }
  guard let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2) else { return nil }
  for index in 0..<count {
    let entry = directory + 2 + 12 * index
    guard let tag = number(at: entry, bytes: 2) else { return nil }
    if tag == 0x0112 {
      // One value of type SHORT.
      guard number(at: entry + 2, bytes: 2) == 3, number(at: entry + 4, bytes: 4) == 1,
        let value = number(at: entry + 8, bytes: 2), (1...8).contains(value)
      else { return nil }
      return value
    }
  }
  return nil
}
