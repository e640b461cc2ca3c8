import TestSupport
import Testing
import ZooCore
import ZooImage

@Suite struct DecodingTests {
  /// Compares all image files of a folder with the pixels that Pillow found in them.
  private func check(_ folder: String) throws -> Int {
    var count = 0
    for suffix in [".jpg", ".png", ".webp", ".gif", ".bmp", ".tif"] {
      for name in try files(in: folder, ending: suffix) {
        let path = "\(folder)/\(name)"
        let image = try Image(contentsOf: path, decoding: .forEvaluation)
        #expect(difference(image, try readPPM("\(path).ppm")) == 0, "\(name)")
        count += 1
      }
    }
    for name in try files(in: folder, ending: ".upright.ppm") {
      let image = try Image(contentsOf: "\(folder)/\(name.dropLast(".upright.ppm".count))")
      #expect(difference(image, try readPPM("\(folder)/\(name)")) == 0, "\(name)")
    }
    return count
  }

  @Test func pixelsArePillows() throws {
    let count = try check(fixtures)
    #expect(count == 244)
  }

  @Test(.needs(.python("PIL", "numpy")))
  func pixelsOfRandomFilesArePillows() throws {
    try withFolder { (folder: String) throws in
      try Python.run(fixtureScript, folder, "8")
      let count = try check(folder)
      #expect(count == 2232)
    }
  }

  @Test func formatComesFromTheContentNotTheName() throws {
    try withFolder { (folder: String) throws in
      let path = "\(folder)/picture.png"
      try write(bytes(of: "\(fixtures)/pixel.jpg"), to: path)
      #expect(try Image(contentsOf: path).width == 1)
    }
  }

  @Test func pngRoundTrip() throws {
    let image = try Image(contentsOf: "\(fixtures)/420-1.jpg")
    #expect(try Image(decoding: image.encodedPNG(), name: "memory") == image)
    try withFolder { (folder: String) throws in
      try image.writePNG(to: "\(folder)/copy.png")
      try image.writePNG(to: "\(folder)/copy.png")
      #expect(try Image(contentsOf: "\(folder)/copy.png") == image)
      #expect(try files(in: folder, ending: "").count == 1)
      #expect(throws: ZooError.self) { try image.writePNG(to: "\(folder)/missing/copy.png") }
    }
  }

  @Test func otherFilesAreRefused() throws {
    try withFolder { (folder: String) throws in
      #expect(error { try Image(contentsOf: "\(folder)/none.jpg") }?.kind == .notFound)
      #expect(error { try Image(contentsOf: folder) }?.kind == .badData)
      try write(Array("some notes\n".utf8), to: "\(folder)/notes.txt")
      let notes = error { try Image(contentsOf: "\(folder)/notes.txt") }
      #expect(notes?.kind == .badData)
      #expect(notes?.message == "notes.txt is not a JPEG, PNG, WebP, GIF, BMP or TIFF image")
      #expect(notes?.location == "\(folder)/notes.txt")
      try write([], to: "\(folder)/empty.png")
      #expect(error { try Image(contentsOf: "\(folder)/empty.png") }?.message == "the file is empty")
      let other = error { try Image(decoding: Array("%PDF-1.7            ".utf8), name: "a.pdf") }
      #expect(other?.advice == "it is a PDF file; convert it to PNG")
    }
  }

  @Test(arguments: [
    "420-1.jpg", "420-progressive-1.jpg", "cmyk-1.jpg", "rgb-3.png", "palette4-interlaced-3.png",
    "lossy-4.webp", "lossless-alpha-4.webp", "pixel.jpg", "pixel.png", "pixel.webp",
    "palette13-interlaced-3.gif", "transparent256-3.gif", "rle4-3.bmp", "rle8-3.bmp", "masks0-info108-3.bmp",
    "info40-32-3.bmp", "os2-32-3.bmp", "animated-lossy-alpha-4.webp",
    "tiff_lzw-3.tif", "group4-3.tif", "jpeg-RGB-3.tif", "rgb8-mm-big-tiles-1-3.tif", "cmyk8-ii-tiles-8-3.tif",
    "palette8-mm-8-3.tif", "ycbcr-ii-big-32773-3.tif", "zstd-3.tif",
  ])
  func truncatedFilesAreRefused(name: String) throws {
    let whole = try bytes(of: "\(fixtures)/\(name)")
    // The ends of GIF's blocks and of BMP's runs are behind the picture, which needs none of them.
    let needless = name.hasSuffix(".gif") ? 4 : name.hasPrefix("rle") ? 4 : 0
    for length in 0..<whole.count - needless {
      let error = error { try Image(decoding: Array(whole[..<length]), name: name) }
      #expect(error?.kind == .badData, "\(length) of \(whole.count) bytes")
      if length > 40 { #expect(error?.message.contains("truncated") == true, "\(length) of \(whole.count) bytes") }
    }
  }

  @Test(arguments: [
    "420-1.jpg", "420-progressive-1.jpg", "ycck-1.jpg", "orientation-6-2.jpg", "rgb-interlaced-3.png",
    "palette4-alpha-3.png", "rgb16-3.png", "lossy-alpha-4.webp", "lossless-4.webp",
    "palette13-interlaced-3.gif", "small-transparent13-interlaced-3.gif", "rle4-3.bmp", "rle8-3.bmp",
    "masks0-info108-3.bmp", "few-colors-3.bmp", "os2-1-3.bmp", "placed-animated-lossy-alpha-4.webp",
    "tiff_lzw-3.tif", "group3-3.tif", "group4-3.tif", "jpeg-RGB-3.tif", "jpeg-file-3.tif", "webp-file-3.tif",
    "lzma-3.tif",
    "zstd-3.tif", "rgb8-mm-big-tiles-1-3.tif", "float32-ii-big-8-3.tif", "palette4-mm-tiles-8-3.tif",
    "ycbcr-ii-big-32773-3.tif", "cmyk16-ii-big-tiles-planes-8-3.tif",
  ])
  func damagedFilesGiveAnErrorOrAPicture(name: String) throws {
    let whole = try bytes(of: "\(fixtures)/\(name)")
    var generator = SplitMix(state: 1)
    for position in whole.indices {
      var damaged = whole
      damaged[position] ^= UInt8(1 << (generator.next() % 8))
      _ = error { try Image(decoding: damaged, name: name, decoding: ImageDecoding(maximumPixels: 1 << 22)) }
    }
  }

  @Test func sizesAreCheckedBeforeMemoryIsTaken() throws {
    for name in ["420-1.jpg", "rgb-3.png", "lossy-4.webp", "tiff_lzw-3.tif"] {
      let error = error { try Image(contentsOf: "\(fixtures)/\(name)", decoding: ImageDecoding(maximumPixels: 98)) }
      #expect(error?.kind == .badData)
      #expect(error?.message.contains("the limit is 98") == true)
    }
    // Headers that claim 13000 × 13000 pixels, below the limit, in files of a few hundred bytes.
    var png = try bytes(of: "\(fixtures)/rgb-3.png")
    for offset in [16, 20] { png.replaceSubrange(offset..<offset + 4, with: [0, 0, 0x32, 0xc8]) }
    #expect(error { try Image(decoding: png, name: "png") }?.message.contains("can't hold") == true)
    var jpeg = try bytes(of: "\(fixtures)/420-1.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xff, 0xc0]) })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x32, 0xc8, 0x32, 0xc8])
    #expect(error { try Image(decoding: jpeg, name: "jpeg") }?.kind == .badData)
  }
  @Test func manyScansOfALargeJPEGAreRefused() throws {
    let jpeg = try bytes(of: "\(fixtures)/420-progressive-1.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xff, 0xc2]) })
    let scan = try #require(jpeg.indices.last { jpeg[$0...].starts(with: [0xff, 0xda]) })
    var many = Array(jpeg[..<scan])
    many.replaceSubrange(frame + 5..<frame + 9, with: [0x10, 0, 0x10, 0])
    for _ in 0..<130 { many += jpeg[scan..<jpeg.count - 2] }
    many += [UInt8](repeating: 0, count: 1 << 15) + [0xff, 0xd9]
    #expect(error { try Image(decoding: many, name: "jpeg") }?.message.contains("scans; the limit is 128") == true)
  }

  @Test func sidesAreLimited() throws {
    var png = try bytes(of: "\(fixtures)/grey1-interlaced-3.png")
    png.replaceSubrange(16..<24, with: [0, 0, 0, 1, 0, 0x0f, 0x42, 0x41])
    #expect(error { try Image(decoding: png, name: "png") }?.message.contains("limit is 1000000 a side") == true)
    png.replaceSubrange(16..<24, with: [0, 0, 0x20, 1, 0, 0, 0x20, 1])
    png += [UInt8](repeating: 0, count: 1 << 16)
    #expect(error { try Image(decoding: png, name: "png") }?.message.hasPrefix("an interlaced PNG") == true)
    // 12000 × 12000 of four samples of 16 bits.
    png.replaceSubrange(16..<29, with: [0, 0, 0x2e, 0xe0, 0, 0, 0x2e, 0xe0, 16, 6, 0, 0, 0])
    png += [UInt8](repeating: 0, count: 1 << 21)
    #expect(error { try Image(decoding: png, name: "png") }?.message.contains("unpacks to 1098 MiB") == true)
  }

  @Test func damagedOrientationsHideNoPicture() throws {
    for name in ["orientation-6-2.jpg", "orientation-profile-compressed-2.png", "orientation-xmp-attribute-2.webp"] {
      let whole = try bytes(of: "\(fixtures)/\(name)")
      let mark = ["Exif", "zTXt", "XMP "].compactMap { mark in
        whole.indices.first { whole[$0...].starts(with: mark.utf8) }
      }
      let first = try #require(mark.first) + 8
      for position in first..<min(first + 24, whole.count) {
        var damaged = whole
        damaged[position] ^= 0xff
        let image = try Image(decoding: damaged, name: name)
        #expect(image.pixels.count == 3 * image.width * image.height)
      }
    }
  }
}
