#if TIFF
  import CTIFFReader
  import ZooCore

  /// Decodes the first picture of a TIFF file to the stored sample values.
  func decodeTIFF(_ bytes: UnsafeBufferPointer<UInt8>, _ decoding: ImageDecoding) throws -> Image {
    let reader = try TIFFReader(bytes)
    let (width, height) = (reader.width, reader.height)
    try checkSize(width: width, height: height, fileSize: bytes.count, decoding)
    let samples = try TIFFSamples(reader.info)
    let colors = try TIFFColors(reader.info)
    try reader.checkCost(planes: colors.planes, colorsAreShared: colors.areShared)
    let image = try Image(width: width, height: height, zeroed: true) { pixels in
      if colors.areShared {
        try reader.readSharedColors(into: pixels)
      } else {
        try reader.read(samples, colors, into: pixels)
      }
    }
    return decoding.appliesOrientation ? image.oriented(by: Int(reader.info.orientation)) : image
  }

  /// A file whose first picture lies in strips or tiles.
  private final class TIFFReader {
    let info: zoo_tiff_info
    private let file: OpaquePointer
    private let bytes: UnsafeBufferPointer<UInt8>

    var width: Int { Int(info.width) }
    var height: Int { Int(info.height) }
    private var blockWidth: Int { Int(info.block_width) }
    private var blockHeight: Int { Int(info.block_height) }

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
      guard let file = zoo_tiff_open(bytes.baseAddress, bytes.count) else {
        throw ZooError(.badData, "there is no memory to read a TIFF")
      }
      self.file = file
      self.bytes = bytes
      info = zoo_tiff_get_info(file).pointee
      try check(zoo_tiff_get_status(file), otherwise: "it has no picture")
    }

    deinit { zoo_tiff_close(file) }

    private static let senseless = "its compressed data makes no sense"

    /// `otherwise` is what is said where libtiff says nothing.
    private func check(_ status: zoo_tiff_status, otherwise: String) throws {
      switch status {
      case ZOO_TIFF_OK: break
      case ZOO_TIFF_TRUNCATED: throw truncated(bytes.count)
      case ZOO_TIFF_REPEATED: throw ZooError(.badData, "a TIFF that refers to the same bytes again and again")
      default:
        let message = String(cString: zoo_tiff_message(file))
        throw ZooError(.badData, "a damaged TIFF: \(message.isEmpty ? otherwise : message)")
      }
    }

    /// Refuses what takes more time or memory to unpack than a file of this size should; `planes` are what is read.
    func checkCost(planes: Int, colorsAreShared: Bool) throws {
      let (blocks, blockBytes) = (Int(info.blocks), Int(info.block_bytes))
      guard blocks > 0, blockWidth > 0, blockHeight > 0, info.row_bytes > 0,
        colorsAreShared || Int(info.row_bytes) <= blockBytes / blockHeight
      else {
        throw ZooError(.badData, "a damaged TIFF: strips or tiles without pixels")
      }
      // Each has a cost of its own.
      guard blocks <= 1 << 18 else {
        throw ZooError(
          .badData, "a TIFF in \(blocks) strips or tiles; the limit is \(1 << 18)",
          advice: "save it again in larger ones"
        )
      }
      // What is decoded as a whole, with its colours as four bytes a pixel.
      let (area, tooLarge) = blockWidth.multipliedReportingOverflow(by: blockHeight)
      guard !tooLarge, area <= 1 << 28, max(blockBytes, 4 * area) <= (1 << 30) / planes else {
        throw ZooError(
          .badData, "a TIFF in strips or tiles of \(blockWidth)×\(blockHeight) pixels, more than are read at once",
          advice: "save it again in smaller ones")
      }
      let unpacked = blocks * max(blockBytes, area / 8)
      guard unpacked <= 1 << 27 || unpacked / 1032 <= bytes.count else {
        throw ZooError(
          .badData, "a file of \(bytes.count) bytes can't hold the \(unpacked >> 20) MiB of samples that it claims")
      }
      guard unpacked <= 1 << 29 || unpacked / 16 <= bytes.count else {
        throw ZooError(
          .badData,
          "a TIFF of \(bytes.count) bytes that unpacks to \(unpacked >> 20) MiB, more than honest pictures do",
          advice: "save it again with 8 bits a sample")
      }
    }

    /// Gives the place of each block of the first plane: its index, column and row.
    private func forEachBlock(_ body: (_ block: Int, _ column: Int, _ row: Int) throws -> Void) throws {
      var block = 0
      for row in stride(from: 0, to: height, by: blockHeight) {
        for column in stride(from: 0, to: width, by: blockWidth) {
          try body(block, column, row)
          block += 1
        }
      }
    }

    func read(_ samples: TIFFSamples, _ colors: TIFFColors, into pixels: UnsafeMutableBufferPointer<UInt8>) throws {
      let (planes, rowBytes) = (colors.planes, Int(info.row_bytes))
      let blocksOfPlane = Int(info.blocks) / (info.is_planar != 0 ? Int(info.samples) : 1)
      // How many samples of a pixel follow one another in a plane, and how many there are of it in a line.
      let together = info.is_planar != 0 ? 1 : Int(info.samples)
      let perPixel = together * planes
      var buffers = [[UInt8]](repeating: [UInt8](repeating: 0, count: Int(info.block_bytes)), count: planes)
      var line = [UInt8](repeating: 0, count: blockWidth * perPixel)
      try forEachBlock { block, column, row in
        let rows = min(blockHeight, height - row)
        let columns = min(blockWidth, width - column)
        for plane in 0..<planes {
          let size = info.is_tiled != 0 ? Int(info.block_bytes) : rows * rowBytes
          try decode(block + plane * blocksOfPlane, into: &buffers[plane], size: size)
        }
        for y in 0..<rows {
          line.withUnsafeMutableBufferPointer { line in
            for plane in 0..<planes {
              buffers[plane].withUnsafeBytes { buffer in
                samples.unpack(
                  UnsafeRawBufferPointer(rebasing: buffer[(y * rowBytes)..<((y + 1) * rowBytes)]),
                  count: columns * together, into: line, from: plane, step: planes)
              }
            }
            let start = 3 * ((row + y) * width + column)
            colors.convert(
              UnsafeBufferPointer(line), perPixel: perPixel,
              to: UnsafeMutableBufferPointer(rebasing: pixels[start..<start + 3 * columns]))
          }
        }
      }
    }

    /// Reads luminances several of which share their colour; libtiff makes RGB of them.
    func readSharedColors(into pixels: UnsafeMutableBufferPointer<UInt8>) throws {
      var raster = [UInt32](repeating: 0, count: blockWidth * blockHeight)
      try forEachBlock { block, column, row in
        try check(block)
        try check(zoo_tiff_read_rgba(file, UInt32(column), UInt32(row), &raster), otherwise: Self.senseless)
        let rows = min(blockHeight, height - row)
        // Rows of a strip end with its first one; those of a tile lie at the tile's end.
        let last = info.is_tiled != 0 ? blockHeight - 1 : rows - 1
        for y in 0..<rows {
          for x in 0..<min(blockWidth, width - column) {
            let color = raster[(last - y) * blockWidth + x]
            let to = 3 * ((row + y) * width + column + x)
            pixels[to] = UInt8(truncatingIfNeeded: color)
            pixels[to + 1] = UInt8(truncatingIfNeeded: color >> 8)
            pixels[to + 2] = UInt8(truncatingIfNeeded: color >> 16)
          }
        }
      }
    }

    private func decode(_ block: Int, into buffer: inout [UInt8], size: Int) throws {
      try check(block)
      try check(zoo_tiff_read(file, UInt32(block), &buffer, size), otherwise: Self.senseless)
    }

    /// Refuses what a compression spends on a block without anything in it.
    private func check(_ block: Int) throws {
      let compression = TIFFCompression(rawValue: info.compression)
      guard compression == .jpeg || compression == .lzma else { return }
      var (offset, length) = (UInt64(0), UInt64(0))
      zoo_tiff_locate(file, UInt32(block), &offset, &length)
      guard offset <= bytes.count, length <= UInt64(bytes.count) - offset else { throw truncated(bytes.count) }
      let stored = UnsafeBufferPointer(rebasing: bytes[Int(offset)..<Int(offset + length)])
      if compression == .jpeg {
        let area = Int(info.blocks) * blockWidth * blockHeight
        guard area / (64 * 8) <= bytes.count else { throw truncated(bytes.count) }
        try checkScans(of: JPEGMarkers(scanning: stored), area: area)
      } else {
        try checkDictionary(ofXZ: stored)
      }
    }
  }
#endif
