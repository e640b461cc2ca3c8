/// Package files put together by hand, with right checksums around wrong contents.
struct CraftedPackage {
  var signature: [UInt8] = [0x0A, 0x08, 0x89, 0x5A, 0x4F, 0x4F, 0x0D, 0x0A, 0x1A, 0x0A]
  var version: UInt32 = 1
  var model: [UInt8]
  /// The chunks' fields after their checksums.
  var chunks: [[UInt8]] = []

  var bytes: [UInt8] {
    var file = signature + [0x15] + littleEndian(version) + [0x1D] + littleEndian(crc32(model))
    file += field(4, model)
    for chunk in chunks { file += field(15, [0x0D] + littleEndian(crc32(chunk)) + chunk) }
    return file
  }

  /// A model of one graph with the given initializers.
  static func model(initializers: [[UInt8]], chunkCount: UInt64) -> [UInt8] {
    field(8, initializers.flatMap { field(3, $0) }) + number(13, chunkCount)
  }

  /// A tensor in chunks.
  static func tensor(
    type: UInt64 = 2, shape: [UInt64], firstChunk: UInt64 = 0, byteCount: UInt64, chunkByteCount: UInt64
  ) -> [UInt8] {
    number(2, type) + field(3, shape.flatMap(varint))
      + field(6, number(1, firstChunk) + number(2, byteCount) + number(3, chunkByteCount))
  }

  static func chunk(index: UInt64 = 0, byteCount: UInt64, codings: [UInt8], sizes: [UInt64], data: [UInt8]) -> [UInt8] {
    number(2, index) + number(3, byteCount) + field(5, codings) + field(6, sizes.flatMap(varint)) + field(8, data)
  }
}

func varint(_ value: UInt64) -> [UInt8] {
  value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
}

func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }

func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
  varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
}

func littleEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

/// CRC-32 bit by bit, to check the fast one against.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var state: UInt32 = .max
  for byte in bytes {
    state ^= UInt32(byte)
    for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0xEDB8_8320 : state >> 1 }
  }
  return ~state
}
