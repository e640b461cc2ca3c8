/// Numbers of the file format (Docs/format.md).
enum Layout {
  /// Field 1 of `Package`, `magic`: tag, length, value. A byte that isn't ASCII, a line end and a Ctrl-Z show
  /// transfers that change bytes, as PNG's signature does.
  static let signature: [UInt8] = [0x0A, 0x08, 0x89, 0x5A, 0x4F, 0x4F, 0x0D, 0x0A, 0x1A, 0x0A]

  enum Field {
    static let version = 2
    static let modelChecksum = 3
    static let model = 4
    static let chunk = 15
  }

  enum ChunkField {
    static let checksum = 1
    static let index = 2
    static let byteCount = 3
    static let rotated = 4
    static let planeCodings = 5
    static let planeSizes = 6
    static let padding = 7
    static let data = 8
  }

  /// Bytes of a chunk's checksum field.
  static let checksumFieldSize = 5

  /// Where elements begin that are stored as they are.
  static let alignment = 64

  /// Tensors up to this many bytes lie in the model's message.
  static let inlineLimit = 256

  /// Bytes of elements in a compressed chunk: its planes stay in a core's cache, and most tensors have several to
  /// decode at once.
  static let chunkByteCount = 1 << 18

  /// The same for elements of `bitWidth` bits. Narrow ones have smaller chunks: whoever reads them as float32 takes as
  /// many elements at a time, and should find whole chunks.
  static func chunkByteCount(bitWidth: Int) -> Int { min(chunkByteCount, max(bitWidth, 8) << 13) }

  /// The most that a chunk of planes may hold, and with it the memory that decoding one takes.
  static let planesLimit = 16 << 20

  /// The most that a chunk of unchanged elements may hold: protobuf's fields end at 2 GiB.
  static let storedLimit = 1 << 30

  /// Messages inside messages; protobuf's own readers stop here.
  static let depthLimit = 100

  /// DEFLATE can't expand further: 258 bytes from two bits.
  static let deflateExpansion = 1032
}
