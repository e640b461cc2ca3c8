/// The orientation in the first directory of an EXIF block (EXIF 2.3, 4.6), which JPEG puts behind a name, and others
/// may; `nil` where there is no valid one.
func exifOrientation(_ block: UnsafeBufferPointer<UInt8>) -> Int? {
  let tiff = block.starts(with: "Exif\0\0".utf8) ? UnsafeBufferPointer(rebasing: block[6...]) : block
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
