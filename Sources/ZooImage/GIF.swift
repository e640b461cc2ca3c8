import ZooCore

/// Decodes the first frame of a GIF file (GIF89a) on its screen.
func decodeGIF(_ bytes: UnsafeBufferPointer<UInt8>, _ decoding: ImageDecoding) throws -> Image {
  let frame = try GIFFrame(bytes)
  try checkSize(width: frame.screenWidth, height: frame.screenHeight, fileSize: bytes.count, decoding)
  try checkRuns(width: frame.screenWidth, height: frame.screenHeight, fileSize: bytes.count)
  return try Image(width: frame.screenWidth, height: frame.screenHeight, zeroed: true) { pixels in
    let background = frame.color(frame.transparent ?? 0)
    if background != (0, 0, 0) {
      for pixel in 0..<pixels.count / 3 {
        (pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]) = background
      }
    }
    try frame.decode(bytes, into: pixels)
  }
}

/// The first frame's place, colours and data.
private struct GIFFrame {
  private(set) var screenWidth: Int
  private(set) var screenHeight: Int
  /// The index that stands for no colour; what the frame does not cover has it, as in Pillow.
  private(set) var transparent: Int?
  private var (left, top, width, height) = (0, 0, 0, 0)
  private var isInterlaced = false
  private var palette: [UInt8] = []
  private var data = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    func byte(_ offset: Int) throws -> Int {
      guard offset < bytes.count else { throw truncated(bytes.count) }
      return Int(bytes[offset])
    }
    func number(_ offset: Int) throws -> Int { try byte(offset) | byte(offset + 1) << 8 }
    func colors(_ flags: Int, at offset: Int) throws -> [UInt8] {
      guard flags & 0x80 != 0 else { return [] }
      let count = 6 << (flags & 7)
      guard offset + count <= bytes.count else { throw truncated(bytes.count) }
      return Array(bytes[offset..<offset + count])
    }
    (screenWidth, screenHeight) = (try number(6), try number(8))
    palette = try colors(byte(10), at: 13)
    var position = 13 + palette.count
    while true {
      switch try byte(position) {
      case 0x21:
        // A graphic control extension, or one that does not matter: blocks with a length each, up to one of zero.
        if try byte(position + 1) == 0xf9, try byte(position + 2) >= 4, try byte(position + 3) & 1 != 0 {
          transparent = try byte(position + 6)
        }
        position += 2
        while try byte(position) != 0 { position += 1 + (try byte(position)) }
        position += 1
      case 0x2c:
        (left, top) = (try number(position + 1), try number(position + 3))
        (width, height) = (try number(position + 5), try number(position + 7))
        let flags = try byte(position + 9)
        isInterlaced = flags & 0x40 != 0
        let own = try colors(flags, at: position + 10)
        if flags & 0x80 != 0 { palette = own }
        data = position + 10 + own.count
        screenWidth = max(screenWidth, left + width)
        screenHeight = max(screenHeight, top + height)
        return
      case 0x3b: throw ZooError(.badData, "a GIF without a picture")
      default: position += 1
      }
    }
  }

  func color(_ index: Int) -> (UInt8, UInt8, UInt8) {
    guard !palette.isEmpty else { return (UInt8(index), UInt8(index), UInt8(index)) }
    guard 3 * index < palette.count else { return (0, 0, 0) }
    return (palette[3 * index], palette[3 * index + 1], palette[3 * index + 2])
  }

  /// Unpacks the indices and writes their colours. A picture that ends with the end code before it is full keeps its
  /// background there, as in Pillow.
  func decode(_ bytes: UnsafeBufferPointer<UInt8>, into pixels: UnsafeMutableBufferPointer<UInt8>) throws {
    guard width > 0, height > 0 else { throw ZooError(.badData, "the frame has \(width)×\(height) pixels") }
    let table = (0..<256).map(color)
    let passes = isInterlaced ? [(0, 8), (4, 8), (2, 4), (1, 2)] : [(0, 1)]
    var (pass, row, column) = (0, 0, 0)
    var place = 3 * (top * screenWidth + left)
    try unpackGIF(bytes, from: data) { index in
      (pixels[place], pixels[place + 1], pixels[place + 2]) = table[Int(index)]
      place += 3
      column += 1
      guard column == width else { return true }
      column = 0
      row += passes[pass].1
      while row >= height {
        pass += 1
        guard pass < passes.count else { return false }
        row = passes[pass].0
      }
      place = 3 * ((top + row) * screenWidth + left)
      return true
    }
  }
}

/// Unpacks LZW codes of growing width (GIF89a, appendix F), which begin with their least width at `start` and come in
/// blocks, and gives `body` each index while it wants more.
private func unpackGIF(
  _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, _ body: (UInt8) -> Bool
) throws {
  guard start < bytes.count else { throw truncated(bytes.count) }
  let least = Int(bytes[start])
  guard (1...8).contains(least) else { throw ZooError(.badData, "a damaged GIF: codes of \(least) bits") }
  var codes = GIFCodes(bytes, from: start + 1)
  let clear = 1 << least
  let most = 1 << 12
  // Each code from `clear` + 2 on is an earlier one and a last index.
  var prefixes = [UInt16](repeating: 0, count: most)
  var lasts = [UInt8](repeating: 0, count: most)
  var indices = [UInt8](repeating: 0, count: most)
  var (width, next) = (least + 1, clear + 2)
  var previous: Int?
  var first: UInt8 = 0
  while true {
    let code = try codes.next(width)
    if code == clear + 1 { return }
    if code == clear {
      (width, next, previous) = (least + 1, clear + 2, nil)
      continue
    }
    guard code < clear || (previous != nil && code <= next && (code < next || next < most)) else {
      throw ZooError(.badData, "a damaged GIF: a code that does not exist yet")
    }
    // From the last index to the first; a code that is only now made ends with the first index of the one before.
    var count = 0
    var rest = code
    if let previous, code == next {
      indices[0] = first
      (count, rest) = (1, previous)
    }
    while rest > clear {
      indices[count] = lasts[rest]
      count += 1
      rest = Int(prefixes[rest])
    }
    first = UInt8(rest)
    indices[count] = first
    for index in stride(from: count, through: 0, by: -1) {
      guard body(indices[index]) else { return }
    }
    if let previous, next < most {
      (prefixes[next], lasts[next]) = (UInt16(previous), first)
      next += 1
      if next == 1 << width, width < 12 { width += 1 }
    }
    previous = code
  }
}

/// Codes that follow one another without gaps, from the lowest bit on, in blocks with a length each.
private struct GIFCodes {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position: Int
  private var blockEnd: Int
  private var (bits, bitCount) = (0, 0)

  init(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int) {
    (self.bytes, self.position, blockEnd) = (bytes, position, position)
  }

  mutating func next(_ width: Int) throws -> Int {
    while bitCount < width {
      if position == blockEnd {
        guard position < bytes.count, bytes[position] > 0 else { throw truncated(bytes.count) }
        blockEnd = position + 1 + Int(bytes[position])
        position += 1
      }
      guard position < bytes.count else { throw truncated(bytes.count) }
      bits |= Int(bytes[position]) << bitCount
      bitCount += 8
      position += 1
    }
    defer {
      bits >>= width
      bitCount -= width
    }
    return bits & (1 << width - 1)
  }
}
