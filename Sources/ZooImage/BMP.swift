import ZooCore

/// Decodes a BMP file as Pillow does: colours by palette or by masks, alpha dropped.
func decodeBMP(_ bytes: UnsafeBufferPointer<UInt8>, _ decoding: ImageDecoding) throws -> Image {
  let bitmap = try Bitmap(bytes)
  try checkSize(width: bitmap.width, height: bitmap.height, fileSize: bytes.count, decoding)
  if bitmap.isPacked { try checkRuns(width: bitmap.width, height: bitmap.height, fileSize: bytes.count) }
  guard bitmap.isPacked || bitmap.stride * (bitmap.height - 1) + bitmap.rowBytes <= bytes.count - bitmap.data else {
    throw truncated(bytes.count)
  }
  return try Image(width: bitmap.width, height: bitmap.height, zeroed: true) { pixels in
    if bitmap.isPacked {
      try bitmap.unpack(bytes, into: pixels)
    } else if bitmap.bits <= 8 {
      bitmap.readIndices(bytes, into: pixels)
    } else {
      bitmap.readColors(bytes, into: pixels)
    }
  }
}

/// What the headers say, and how to read what follows.
private struct Bitmap {
  private(set) var width = 0
  private(set) var height = 0
  private(set) var bits = 0
  /// Where the pixels begin.
  private(set) var data = 0
  private var compression = 0
  private var isTopDown = false
  private var masks: [UInt32] = []
  private var palette: [(UInt8, UInt8, UInt8)] = []

  var isPacked: Bool { compression == 1 || compression == 2 }
  var rowBytes: Int { (width * bits + 7) / 8 }
  /// The bytes of a row with its padding.
  var stride: Int { (width * bits + 31) / 32 * 4 }

  init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    let header = try Self.number(bytes, 14, 4)
    guard ImageFormat.bitmapHeaders.contains(UInt8(truncatingIfNeeded: header)), header < 256 else {
      throw ZooError(.badData, "a BMP with a header of \(header) bytes")
    }
    let isOld = header == 12
    width = try Self.number(bytes, 18, isOld ? 2 : 4)
    height = try Self.number(bytes, isOld ? 20 : 22, isOld ? 2 : 4)
    bits = try Self.number(bytes, isOld ? 24 : 28, 2)
    // Heights below zero are of pictures that begin at the top.
    if height >= 1 << 31 { (height, isTopDown) = (1 << 32 - height, true) }
    compression = isOld ? 0 : try Self.number(bytes, 30, 4)
    try check()
    var position = 14 + header
    if compression == 3 {
      // A header of 40 bytes has the masks behind it.
      masks = try (0..<3).map { UInt32(try Self.number(bytes, 54 + 4 * $0, 4)) }
      if header == 40 { position += 12 }
    }
    if bits <= 8 {
      let stated = isOld ? 0 : try Self.number(bytes, 46, 4)
      try readPalette(bytes, at: position, entry: isOld ? 3 : 4, count: stated == 0 ? 1 << bits : stated)
    }
    data = try Self.number(bytes, 10, 4)
    if data == 0 { data = position + palette.count * (isOld ? 3 : 4) }
    // Some writers forget the palette.
    if data == 14 + header { data += palette.count * (isOld ? 3 : 4) }
    guard data <= bytes.count else { throw truncated(bytes.count) }
  }

  private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int, _ count: Int) throws -> Int {
    guard offset + count <= bytes.count else { throw truncated(bytes.count) }
    return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private func check() throws {
    let depths: [Int]
    switch compression {
    case 0: depths = [1, 2, 4, 8, 16, 24, 32]
    case 1: depths = [8]
    case 2: depths = [4]
    case 3: depths = [16, 24, 32]
    default: throw ZooError(.badData, "a BMP with compression \(compression)", advice: "convert it to PNG")
    }
    guard depths.contains(bits) else {
      throw ZooError(.badData, "a BMP of \(bits) bits a pixel with compression \(compression)")
    }
  }

  private mutating func readPalette(
    _ bytes: UnsafeBufferPointer<UInt8>, at position: Int, entry: Int, count: Int
  ) throws {
    guard count <= 65536, position + entry * count <= bytes.count else { throw truncated(bytes.count) }
    palette = (0..<count).map { index in
      let place = position + entry * index
      return (bytes[place + 2], bytes[place + 1], bytes[place])
    }
  }

  /// The colours of all bytes, black where the palette has none.
  private var table: [(UInt8, UInt8, UInt8)] {
    Array((palette + [(UInt8, UInt8, UInt8)](repeating: (0, 0, 0), count: 256)).prefix(256))
  }

  /// The picture's row that is stored as `row`.
  private func place(of row: Int) -> Int { 3 * width * (isTopDown ? row : height - 1 - row) }

  func readIndices(_ bytes: UnsafeBufferPointer<UInt8>, into pixels: UnsafeMutableBufferPointer<UInt8>) {
    let table = table
    let (perByte, mask) = (8 / bits, 1 << bits - 1)
    for row in 0..<height {
      let line = data + row * stride
      var to = place(of: row)
      for column in 0..<width {
        let index = Int(bytes[line + column / perByte]) >> (8 - bits * (column % perByte + 1)) & mask
        (pixels[to], pixels[to + 1], pixels[to + 2]) = table[index]
        to += 3
      }
    }
  }

  func readColors(_ bytes: UnsafeBufferPointer<UInt8>, into pixels: UnsafeMutableBufferPointer<UInt8>) {
    var masks = masks
    if masks.allSatisfy({ $0 == 0 }) {
      masks = bits == 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff]
    }
    // The mask's lowest bit and its largest value.
    let fields = masks.map { mask in
      let shift = mask == 0 ? 0 : UInt32(mask.trailingZeroBitCount)
      return (mask: mask, shift: shift, most: UInt64(max(mask >> shift, 1)))
    }
    let size = bits / 8
    for row in 0..<height {
      var from = data + row * stride
      var to = place(of: row)
      for _ in 0..<width {
        var value: UInt32 = 0
        for byte in 0..<size { value |= UInt32(bytes[from + byte]) << (8 * UInt32(byte)) }
        for channel in 0..<3 {
          let field = fields[channel]
          pixels[to + channel] = UInt8(UInt64((value & field.mask) >> field.shift) * 255 / field.most)
        }
        from += size
        to += 3
      }
    }
  }

  /// Reads runs (RLE8 and RLE4); what they leave out has the palette's first colour.
  func unpack(_ bytes: UnsafeBufferPointer<UInt8>, into pixels: UnsafeMutableBufferPointer<UInt8>) throws {
    let table = table
    for row in 0..<height {
      for column in 0..<width { set(table[0], column, row, pixels) }
    }
    var (row, column, position) = (0, 0, data)
    while row < height {
      guard position + 1 < bytes.count else { throw truncated(bytes.count) }
      let (count, value) = (Int(bytes[position]), bytes[position + 1])
      position += 2
      switch (count, value) {
      case (0, 0): (row, column) = (row + 1, 0)
      case (0, 1): return
      case (0, 2):
        guard position + 1 < bytes.count else { throw truncated(bytes.count) }
        column += Int(bytes[position])
        row += Int(bytes[position + 1])
        position += 2
      case (0, _):
        let literals = bits == 4 ? (Int(value) + 1) / 2 : Int(value)
        guard position + literals <= bytes.count else { throw truncated(bytes.count) }
        for index in 0..<Int(value) {
          let byte = bytes[position + (bits == 4 ? index / 2 : index)]
          set(table[Int(self.index(byte, index))], column + index, row, pixels)
        }
        column += Int(value)
        position += literals + literals % 2
      default:
        for index in 0..<count { set(table[Int(self.index(value, index))], column + index, row, pixels) }
        column += count
      }
    }
  }

  /// The index that `byte` has for a run's pixel `position`.
  private func index(_ byte: UInt8, _ position: Int) -> UInt8 {
    bits == 8 ? byte : position % 2 == 0 ? byte >> 4 : byte & 15
  }

  private func set(
    _ color: (UInt8, UInt8, UInt8), _ column: Int, _ row: Int, _ pixels: UnsafeMutableBufferPointer<UInt8>
  ) {
    guard column < width, row < height else { return }
    let to = place(of: row) + 3 * column
    (pixels[to], pixels[to + 1], pixels[to + 2]) = color
  }
}
