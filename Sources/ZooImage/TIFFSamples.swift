#if TIFF
  import CTIFFReader
  import ZooCore

  /// How a TIFF file's samples become bytes.
  struct TIFFSamples {
    private enum Form {
      /// Up to 16 bits, packed from the highest on; what the first eight of them mean.
      case packed(bits: Int, meanings: [UInt8])
      case bytes(meanings: [UInt8])
      case words(meanings: [UInt8])
      /// Pixels that only keep what lies between 0 and 255, as Pillow has them.
      case signedWords, integers, signedIntegers, halves, floats, doubles
      /// Of colours: their highest byte counts.
      case longColors
    }

    private let form: Form

    init(_ info: zoo_tiff_info) throws {
      _ = try TIFFCompression(tag: info.compression)
      let bits = Int(info.bits)
      let isGrey = info.photometric <= 1
      switch (info.sample_format, bits) {
      case (1, 1...16), (4, 1...16), (2, 8):
        let meanings = Self.meanings(info)
        form =
          bits == 8
          ? .bytes(meanings: meanings)
          : bits == 16 ? .words(meanings: meanings) : .packed(bits: bits, meanings: meanings)
      case (1, 32), (4, 32): form = isGrey ? .integers : .longColors
      case (2, 16) where isGrey: form = .signedWords
      case (2, 32) where isGrey: form = .signedIntegers
      case (3, 16) where isGrey: form = .halves
      case (3, 32) where isGrey: form = .floats
      case (3, 64) where isGrey: form = .doubles
      default:
        let kind = [2: "signed integers", 3: "floating-point numbers", 5: "complex integers", 6: "complex numbers"]
        throw ZooError(
          .badData,
          "a TIFF of \(info.samples) samples a pixel that are \(kind[Int(info.sample_format)] ?? "integers") of \(bits) bits",
          advice: "convert it to 8 bits a sample")
      }
    }

    /// What each value of the highest eight bits, or of all where there are fewer, stands for.
    private static func meanings(_ info: zoo_tiff_info) -> [UInt8] {
      let most = 1 << min(Int(info.bits), 8) - 1
      return (0...255).map { value in
        // Indices of colours stay as they are.
        guard info.photometric != 3 else { return UInt8(value) }
        let scaled = (min(value, most) * 255 + most / 2) / most
        return UInt8(info.photometric == 0 ? 255 - scaled : scaled)
      }
    }

    /// Writes `count` samples of a row to `output`, every `step`th from `start` on.
    func unpack(
      _ row: UnsafeRawBufferPointer, count: Int, into output: UnsafeMutableBufferPointer<UInt8>, from start: Int,
      step: Int
    ) {
      func each<Sample>(_: Sample.Type, _ byte: (Sample) -> UInt8) {
        let count = min(count, row.count / MemoryLayout<Sample>.size)
        for index in 0..<count {
          output[start + index * step] = byte(
            row.loadUnaligned(fromByteOffset: index * MemoryLayout<Sample>.size, as: Sample.self))
        }
      }
      switch form {
      case .bytes(let meanings): meanings.withUnsafeBufferPointer { table in each(UInt8.self) { table[Int($0)] } }
      case .words(let meanings): meanings.withUnsafeBufferPointer { table in each(UInt16.self) { table[Int($0 >> 8)] } }
      case .packed(let bits, let meanings):
        meanings.withUnsafeBufferPointer { table in
          Self.unpackBits(bits, row, count) { output[start + $0 * step] = table[$1] }
        }
      case .signedWords: each(Int16.self) { UInt8(clamping: $0) }
      case .integers: each(UInt32.self) { UInt8(clamping: $0) }
      case .signedIntegers: each(Int32.self) { UInt8(clamping: $0) }
      case .longColors: each(UInt32.self) { UInt8($0 >> 24) }
      case .halves: each(UInt16.self) { Self.byte(Double(Self.half($0))) }
      case .floats: each(Float.self) { Self.byte(Double($0)) }
      case .doubles: each(Double.self) { Self.byte($0) }
      }
    }

    /// NaN is 0.
    private static func byte(_ value: Double) -> UInt8 { value > 0 ? UInt8(min(value, 255)) : 0 }

    /// The number that binary16 has, as far as bytes go: those below 2^-14 are none.
    private static func half(_ bits: UInt16) -> Float {
      let (exponent, fraction) = (Int(bits >> 10 & 31), bits & 0x3ff)
      guard bits < 0x8000, exponent > 0, exponent < 31 || fraction == 0 else { return 0 }
      return Float(sign: .plus, exponent: exponent - 15, significand: 1 + Float(fraction) / 1024)
    }

    private static func unpackBits(
      _ bits: Int, _ row: UnsafeRawBufferPointer, _ count: Int, _ body: (_ index: Int, _ highest: Int) -> Void
    ) {
      let drop = max(bits - 8, 0)
      var (held, heldBits, position) = (0, 0, 0)
      for index in 0..<min(count, row.count * 8 / bits) {
        while heldBits < bits {
          held = (held & 0xffff) << 8 | Int(row[position])
          heldBits += 8
          position += 1
        }
        heldBits -= bits
        body(index, held >> (heldBits + drop) & (1 << (bits - drop) - 1))
      }
    }
  }
#endif
