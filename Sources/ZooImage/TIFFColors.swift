#if TIFF
  import CTIFFReader
  import ZooCore

  /// How the samples of a TIFF file's pixels, as bytes, become RGB.
  struct TIFFColors {
    private enum Kind {
      case grey, rgb, cmyk, yCbCr
      case palette([UInt8])
    }

    /// How many planes are read.
    let planes: Int
    /// Whether pixels may share their colour, so that samples do not come in pixels; libtiff converts them.
    let areShared: Bool
    private let kind: Kind
    /// Whether the colours were multiplied with the sample behind them.
    private let isPremultiplied: Bool

    init(_ info: zoo_tiff_info) throws {
      kind = try Self.kind(info)
      let colors =
        switch kind {
        case .grey, .palette: 1
        case .rgb, .yCbCr: 3
        case .cmyk: 4
        }
      // Of compressed colours that each pixel has its own of, Pillow too takes what libtiff makes.
      let areOwn = info.compression == 1 && info.horizontal_sharing == 1 && info.vertical_sharing == 1
      if case .yCbCr = kind { areShared = !areOwn } else { areShared = false }
      // Of more the memory for a line would not be what its pixels justify.
      guard info.samples <= 64 else {
        throw ZooError(
          .badData, "a TIFF of \(info.samples) samples a pixel; the limit is 64", advice: "convert it to RGB")
      }
      guard info.samples >= colors else {
        throw ZooError(.badData, "a damaged TIFF: \(info.samples) samples are not a pixel's colour")
      }
      switch kind {
      case .grey, .rgb: isPremultiplied = info.first_extra == 1 && info.samples > colors
      default: isPremultiplied = false
      }
      planes = info.is_planar == 0 ? 1 : colors + (isPremultiplied ? 1 : 0)
    }

    private static func kind(_ info: zoo_tiff_info) throws -> Kind {
      switch info.photometric {
      case 0, 1: return .grey
      case 2: return .rgb
      case 3: return .palette(try palette(info))
      case 5: return .cmyk
      case 6 where info.samples == 1: return .grey
      case 6: return info.compression == TIFFCompression.jpeg.rawValue && info.is_planar == 0 ? .rgb : .yCbCr
      case 8, 9, 10: throw ZooError(.badData, "a TIFF in CIE L*a*b* colours", advice: "convert it to RGB")
      case 32803, 34892:
        throw ZooError(
          .badData, "a TIFF of a camera's raw sensor data", advice: "convert it to PNG with a raw converter")
      case 32844, 32845: throw ZooError(.badData, "a TIFF of CIE log luminances", advice: "convert it to RGB")
      default:
        throw ZooError(
          .badData, "a TIFF with the photometric interpretation \(info.photometric)", advice: "convert it to RGB")
      }
    }

    /// The high bytes of the entries, black where there is none.
    private static func palette(_ info: zoo_tiff_info) throws -> [UInt8] {
      guard info.bits <= 8, let red = info.red, let green = info.green, let blue = info.blue else {
        throw ZooError(.badData, "a damaged TIFF: it has no palette of \(info.bits) bits")
      }
      var entries = [UInt8](repeating: 0, count: 3 * 256)
      for index in 0..<1 << Int(info.bits) {
        for (channel, values) in [red, green, blue].enumerated() {
          entries[3 * index + channel] = UInt8(values[index] >> 8)
        }
      }
      return entries
    }

    /// Converts a line of pixels of `perPixel` samples each.
    func convert(
      _ line: UnsafeBufferPointer<UInt8>, perPixel: Int, to pixels: UnsafeMutableBufferPointer<UInt8>
    ) {
      func each(_ body: (_ from: Int) -> (UInt8, UInt8, UInt8)) {
        for pixel in 0..<pixels.count / 3 {
          (pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]) = body(pixel * perPixel)
        }
      }
      func divided(_ sample: Int, by alpha: Int) -> UInt8 {
        line[alpha] == 0 ? 0 : UInt8(min(255 * Int(line[sample]) / Int(line[alpha]), 255))
      }
      switch kind {
      case .grey where isPremultiplied:
        each { from in
          let grey = divided(from, by: from + 1)
          return (grey, grey, grey)
        }
      case .grey: each { (line[$0], line[$0], line[$0]) }
      case .palette(let entries):
        entries.withUnsafeBufferPointer { entries in
          each { from in
            let entry = 3 * Int(line[from])
            return (entries[entry], entries[entry + 1], entries[entry + 2])
          }
        }
      case .rgb where isPremultiplied:
        each { (divided($0, by: $0 + 3), divided($0 + 1, by: $0 + 3), divided($0 + 2, by: $0 + 3)) }
      case .rgb: each { (line[$0], line[$0 + 1], line[$0 + 2]) }
      case .cmyk: each { rgb(cyan: line[$0], magenta: line[$0 + 1], yellow: line[$0 + 2], black: line[$0 + 3]) }
      case .yCbCr: each { rgb(luminance: line[$0], blue: line[$0 + 1], red: line[$0 + 2]) }
      }
    }
  }
#endif
