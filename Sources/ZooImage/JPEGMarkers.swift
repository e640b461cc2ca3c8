/// What a walk over a JPEG file's segments tells before decoding (ITU-T T.81, annex B).
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
            orientation = exifOrientation(segment) ?? 1
          }
        }
        position += 2 + length
      }
    }
  }
}
