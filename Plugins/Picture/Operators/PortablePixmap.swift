import ZooImage

/// The picture in a PBM, PGM or PPM file (Netpbm), in text or binary; `nil` for anything else.
func decodePortablePixmap(_ bytes: UnsafeBufferPointer<UInt8>) -> Image? {
  guard var reader = PortablePixmap(bytes) else { return nil }
  return reader.image()
}

private struct PortablePixmap {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 2
  private let isText: Bool
  private let isBitmap: Bool
  private let channels: Int
  private var width = 0
  private var height = 0
  private var largest = 1

  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(bytes[1])
    else { return nil }
    let kind = Int(bytes[1] - UInt8(ascii: "1"))
    self.bytes = bytes
    (isText, isBitmap, channels) = (kind < 3, kind % 3 == 0, kind % 3 == 2 ? 3 : 1)
    guard let width = number(), let height = number(), width > 0, height > 0 else { return nil }
    (self.width, self.height) = (width, height)
    if !isBitmap {
      guard let largest = number(), (1...65535).contains(largest) else { return nil }
      self.largest = largest
    }
    // One white space ends the header.
    if !isText { place += 1 }
    guard isLongEnough else { return nil }
  }

  /// Whether the file can hold the picture, so that memory is in proportion to it.
  private var isLongEnough: Bool {
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, area <= ImageDecoding().maximumPixels, place <= bytes.count else { return false }
    let rest = bytes.count - place
    // Text has a byte for each sample at least.
    if isText { return area * channels <= rest }
    return isBitmap ? (width + 7) / 8 * height <= rest : area * channels * (largest > 255 ? 2 : 1) <= rest
  }

  mutating func image() -> Image? {
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for pixel in 0..<width * height {
      for channel in 0..<channels {
        guard let value = sample(pixel, channel), value <= largest else { return nil }
        let level = UInt8((value * 255 + largest / 2) / largest)
        if channels == 3 {
          pixels[3 * pixel + channel] = level
        } else {
          for copy in 0..<3 { pixels[3 * pixel + copy] = level }
        }
      }
    }
    return try? Image(width: width, height: height, pixels: pixels)
  }

  /// Of bitmaps 1 is black, which becomes 0 here.
  private mutating func sample(_ pixel: Int, _ channel: Int) -> Int? {
    if isBitmap, isText {
      guard let digit = skippingSpace(), digit == UInt8(ascii: "0") || digit == UInt8(ascii: "1") else { return nil }
      place += 1
      return digit == UInt8(ascii: "1") ? 0 : 1
    }
    if isText { return number() }
    if isBitmap {
      let (row, column) = (pixel / width, pixel % width)
      let byte = bytes[place + row * ((width + 7) / 8) + column / 8]
      return byte >> (7 - column % 8) & 1 == 1 ? 0 : 1
    }
    let index = pixel * channels + channel
    if largest < 256 { return Int(bytes[place + index]) }
    return Int(bytes[place + 2 * index]) << 8 | Int(bytes[place + 2 * index + 1])
  }

  /// The first byte that is neither white space nor in a comment.
  private mutating func skippingSpace() -> UInt8? {
    while place < bytes.count {
      let byte = bytes[place]
      if byte == UInt8(ascii: "#") {
        while place < bytes.count, bytes[place] != 10, bytes[place] != 13 { place += 1 }
      } else if byte == 32 || (9...13).contains(byte) {
        place += 1
      } else {
        return byte
      }
    }
    return nil
  }

  private mutating func number() -> Int? {
    guard skippingSpace() != nil else { return nil }
    var (value, digits) = (0, 0)
    while place < bytes.count, (48...57).contains(bytes[place]), digits < 10 {
      value = 10 * value + Int(bytes[place] - 48)
      place += 1
      digits += 1
    }
    return digits > 0 ? value : nil
  }
}
