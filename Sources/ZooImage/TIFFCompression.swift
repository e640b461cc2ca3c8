#if TIFF
  import ZooCore

  /// The compressions of TIFF that are read.
  enum TIFFCompression: UInt16 {
    case none = 1
    case modifiedHuffman = 2
    case group3 = 3
    case group4 = 4
    case lzw = 5
    case jpeg = 7
    case deflate = 8
    case modifiedHuffmanWords = 32771
    case packBits = 32773
    case oldDeflate = 32946
    case lzma = 34925
    case zstandard = 50000
    case webp = 50001

    init(tag: UInt16) throws {
      guard let known = Self(rawValue: tag) else {
        let name = Self.others[tag].map { "\($0) (\(tag))" } ?? "\(tag)"
        throw ZooError(.badData, "a TIFF with the compression \(name)", advice: "convert it to PNG")
      }
      self = known
    }

    private static let others: [UInt16: String] = [
      6: "old-style JPEG", 9: "JBIG", 10: "JBIG", 32766: "NeXT", 32809: "ThunderScan", 32909: "PixarLog",
      33003: "JPEG 2000", 33005: "JPEG 2000", 34661: "JBIG", 34676: "SGILog", 34677: "SGILog24", 34712: "JPEG 2000",
      34887: "LERC", 34892: "lossy JPEG", 50002: "JPEG XL", 52546: "JPEG XL",
    ]
  }

  /// Refuses xz data (The .xz File Format 1.2, 3.1) whose decoder would take a dictionary of more than 64 MiB, as xz
  /// itself makes at most; libtiff sets no limit.
  func checkDictionary(ofXZ bytes: UnsafeBufferPointer<UInt8>) throws {
    // Behind the stream's header of twelve bytes: the header's size, flags, sizes that need not be there, filters.
    var rest = bytes.dropFirst(13)
    func integer() -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        if shift < 63 { value |= UInt64(byte & 0x7f) << shift }
        shift += 7
        if byte & 0x80 == 0 { break }
      }
      return value
    }
    guard let flags = rest.popFirst() else { return }
    for bit in [UInt8(0x40), 0x80] where flags & bit != 0 { _ = integer() }
    for _ in 0...flags & 3 {
      let (filter, size) = (integer(), integer())
      guard let property = rest.first, size <= rest.count else { return }
      // LZMA2: two bits of the size, and its exponent.
      guard filter != 0x21 || property <= 28 else {
        throw ZooError(.badData, "a TIFF whose LZMA data needs more than 64 MiB of memory", advice: "convert it to PNG")
      }
      rest = rest.dropFirst(Int(size))
    }
  }
#endif
