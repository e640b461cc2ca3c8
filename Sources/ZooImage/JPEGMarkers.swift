/// What a walk over a JPEG file's segments tells before decoding (ITU-T T.81, annex B).
struct JPEGMarkers {
  /// Whether the segments and scans reach the end-of-image marker.
  private(set) var isComplete = false
  /// What the segments before the first scan say of the orientation.
  private(set) var tags = OrientationTags()
  /// How many scans there are.
  private(set) var scans = 0
  /// The components of the frame.
  private(set) var components = 0

  init(scanning bytes: UnsafeBufferPointer<UInt8>) {
    var position = 2
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
        read(marker, bytes[position + 4..<position + 2 + length])
        position += 2 + length
      }
    }
  }
  private mutating func read(_ marker: UInt8, _ segment: Slice<UnsafeBufferPointer<UInt8>>) {
    switch marker {
    case 0xda: scans += 1
    case 0xc0...0xc3, 0xc5...0xc7, 0xc9...0xcb, 0xcd...0xcf: components = Int(segment.dropFirst(5).first ?? 0)
    case 0xe1 where scans == 0:
      let namespace = "http://ns.adobe.com/xap/1.0/\0"
      if segment.starts(with: "Exif\0\0".utf8) {
        // What is too long for one segment goes on in the next.
        tags.exif += segment.dropFirst(6)
      } else if segment.starts(with: namespace.utf8) {
        tags.xmp = Array(segment.dropFirst(namespace.utf8.count))[...]
      }
    default: break
    }
  }
}
