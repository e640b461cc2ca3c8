/// The orientation in the first directory of an EXIF block (EXIF 2.3, 4.6), which may follow a name; `nil` where there is
/// none. As in Pillow, any type of integers will do and the first value counts, so that it can be one that means nothing.
func exifOrientation(_ block: ArraySlice<UInt8>) -> Int? {
  var tiff = block
  for _ in 0..<2 where tiff.starts(with: "Exif\0\0".utf8) { tiff = tiff.dropFirst(6) }
  let isLittle: Bool
  if tiff.starts(with: "II*\0".utf8) || tiff.starts(with: "II\0*".utf8) {
    isLittle = true
  } else if tiff.starts(with: "MM\0*".utf8) || tiff.starts(with: "MM*\0".utf8) {
    isLittle = false
  } else {
    return nil
  }
  func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset <= tiff.count - count else { return nil }
    let field = tiff.dropFirst(offset).prefix(count)
    return isLittle ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
  }
  // SHORT, LONG, their signed forms, and the offset of a directory.
  let sizes = [3: 2, 4: 4, 8: 2, 9: 4, 13: 4]
  guard let directory = number(at: 4, bytes: 4), let entries = number(at: directory, bytes: 2) else { return nil }
  for index in 0..<entries {
    let entry = directory + 2 + 12 * index
    guard let tag = number(at: entry, bytes: 2) else { return nil }
    guard tag == 0x0112, let size = number(at: entry + 2, bytes: 2).flatMap({ sizes[$0] }),
      let count = number(at: entry + 4, bytes: 4), count > 0
    else { continue }
    // What takes more than four bytes is elsewhere.
    let place = count * size <= 4 ? entry + 8 : number(at: entry + 8, bytes: 4)
    guard let place, place <= tiff.count - count * size else { continue }
    return number(at: place, bytes: size)
  }
  return nil
}

/// The orientation that an XMP packet gives, as an attribute or as an element; `nil` where it gives none.
func xmpOrientation(_ packet: ArraySlice<UInt8>) -> Int? {
  let name = Array("tiff:Orientation".utf8)
  var position = packet.startIndex
  while let start = packet[position...].firstIndex(of: name[0]) {
    position = start + 1
    guard packet[start...].starts(with: name) else { continue }
    var value = packet[(start + name.count)...]
    if value.starts(with: "=\"".utf8) {
      value = value.dropFirst(2)
    } else if value.starts(with: ">".utf8) {
      value = value.dropFirst()
    } else {
      continue
    }
    if let digit = value.first, (0x30...0x39).contains(digit) { return Int(digit) - 0x30 }
  }
  return nil
}

/// What a picture's file says of its orientation; of several blocks of a kind the last counts.
struct OrientationTags {
  var exif: ArraySlice<UInt8> = []
  var xmp: ArraySlice<UInt8> = []

  /// 1 to 8; 1 (upright) where the file does not say. EXIF comes first, as in Pillow.
  var orientation: Int {
    guard let value = exifOrientation(exif) ?? xmpOrientation(xmp), (1...8).contains(value) else { return 1 }
    return value
  }
}
