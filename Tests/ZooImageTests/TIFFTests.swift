import TestSupport
import Testing
import ZooCore
import ZooImage

/// A little-endian TIFF file: `stored`, then a directory whose entries refer to it or to `tables`.
private struct TIFFFile {
  private var bytes: [UInt8] = Array("II*\0\0\0\0\0".utf8)
  private var entries: [(tag: UInt16, type: UInt16, count: Int, value: Int)] = []

  /// Where `stored` begins in the file.
  static let start = 8

  init(_ stored: [UInt8]) { bytes += stored }

  mutating func set(_ tag: UInt16, _ value: Int) { entries.append((tag, 4, 1, value)) }

  mutating func set(_ tag: UInt16, type: UInt16, count: Int, at offset: Int) {
    entries.append((tag, type, count, offset))
  }

  mutating func set(_ tag: UInt16, _ values: [Int]) {
    entries.append((tag, 4, values.count, bytes.count))
    for value in values { bytes += little(value, 4) }
  }

  private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  var data: [UInt8] {
    var file = bytes
    file.replaceSubrange(4..<8, with: little(bytes.count, 4))
    file += little(entries.count, 2)
    for entry in entries.sorted(by: { $0.tag < $1.tag }) {
      file += little(Int(entry.tag), 2) + little(Int(entry.type), 2) + little(entry.count, 4) + little(entry.value, 4)
    }
    return file + [0, 0, 0, 0]
  }
}

/// A grey picture of 8 bits in one strip.
private func grey(_ width: Int, _ height: Int, compression: Int, photometric: Int = 1, _ stored: [UInt8]) -> TIFFFile {
  var file = TIFFFile(stored)
  for (tag, value) in [(256, width), (257, height), (258, 8), (259, compression), (262, photometric), (277, 1)] {
    file.set(UInt16(tag), value)
  }
  return file
}

private func message(_ file: TIFFFile) -> String {
  error { try Image(decoding: file.data, name: "picture.tif") }?.message ?? "no error"
}

@Suite struct TIFFTests {
  private func oneStrip(_ width: Int, _ height: Int, compression: Int, photometric: Int = 1, _ stored: [UInt8])
    -> TIFFFile
  {
    var file = grey(width, height, compression: compression, photometric: photometric, stored)
    file.set(273, TIFFFile.start)
    file.set(278, height)
    file.set(279, stored.count)
    return file
  }

  @Test func oneStripIsRead() throws {
    let image = try Image(decoding: oneStrip(2, 1, compression: 1, [3, 250]).data, name: "picture.tif")
    #expect(image.pixels == [3, 3, 3, 250, 250, 250])
  }

  @Test func whatIsNotReadIsNamed() {
    let stored = [UInt8](repeating: 0, count: 64)
    #expect(message(oneStrip(8, 8, compression: 6, stored)) == "a TIFF with the compression old-style JPEG (6)")
    #expect(message(oneStrip(8, 8, compression: 999, stored)) == "a TIFF with the compression 999")
    #expect(message(oneStrip(8, 8, compression: 1, photometric: 8, stored)) == "a TIFF in CIE L*a*b* colours")
    #expect(
      message(oneStrip(8, 8, compression: 4, stored))
        == "a damaged TIFF: Bits/sample must be 1 for Group 3/4 encoding/decoding")
    #expect(message(oneStrip(8, 8, compression: 1, photometric: 2, stored)).contains("1 samples"))
  }

  @Test func sizesThatTheFileCannotHoldAreRefused() {
    let stored = [UInt8](repeating: 0, count: 64)
    #expect(message(oneStrip(13000, 13000, compression: 5, stored)).contains("can't hold"))
    #expect(message(oneStrip(1, 1_000_001, compression: 5, stored)).contains("limit is 1000000 a side"))
    #expect(message(oneStrip(0xffff_ffff, 0xffff_ffff, compression: 5, stored)) != "no error")
    for side in [1 << 14, 1 << 20, 0x7fff_fff0] {
      var tiled = grey(8, 8, compression: 5, stored)
      for (tag, value) in [(322, side), (323, side), (324, TIFFFile.start), (325, 64)] { tiled.set(UInt16(tag), value) }
      #expect(message(tiled) != "no error", "\(side)")
    }
    var tiny = grey(4096, 4096, compression: 5, stored)
    for (tag, value) in [(322, 1), (323, 1), (324, TIFFFile.start), (325, 64)] { tiny.set(UInt16(tag), value) }
    #expect(message(tiny) != "no error")
  }

  @Test func bytesThatAreUsedAgainAndAgainAreRefused() {
    let stored = [UInt8](repeating: 0, count: 60000)
    var strips = grey(8, 100_000, compression: 32773, stored)
    strips.set(273, [Int](repeating: TIFFFile.start, count: 100_000))
    strips.set(278, 1)
    strips.set(279, [Int](repeating: stored.count, count: 100_000))
    #expect(message(strips).contains("again and again"))
    var tags = oneStrip(8, 8, compression: 32773, stored)
    for tag in 0..<4000 { tags.set(UInt16(40000 + tag), type: 1, count: stored.count, at: TIFFFile.start) }
    #expect(message(tags).contains("again and again"))
  }

  @Test func largeDictionariesAreRefused() {
    // The header of an xz stream and of its block: no sizes, one filter, LZMA2 with a dictionary of 3 GiB.
    let stored: [UInt8] = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46, 2, 0, 0x21, 1, 39]
    #expect(message(oneStrip(8, 8, compression: 34925, stored + [0, 0, 0])).contains("64 MiB"))
  }

  @Test func manyScansAreRefused() throws {
    let jpeg = try bytes(of: "\(fixtures)/420-progressive-1.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xff, 0xc2]) })
    let scan = try #require(jpeg.indices.last { jpeg[$0...].starts(with: [0xff, 0xda]) })
    var many = Array(jpeg[..<scan])
    many.replaceSubrange(frame + 5..<frame + 9, with: [0x10, 0, 0x10, 0])
    for _ in 0..<130 { many += jpeg[scan..<jpeg.count - 2] }
    many += [UInt8](repeating: 0, count: 1 << 15) + [0xff, 0xd9]
    #expect(message(oneStrip(4096, 4096, compression: 7, many)).contains("scans; the limit is 128"))
  }

  /// Each value of 32 bits in the directory is set to what is zero, large, or the end of a range.
  @Test(arguments: [
    "rgb8-mm-big-tiles-1-3.tif", "jpeg-file-3.tif", "ycbcr-ii-big-32773-3.tif", "palette4-mm-tiles-8-3.tif",
  ])
  func hostileNumbersGiveAnErrorOrAPicture(name: String) throws {
    let whole = try bytes(of: "\(fixtures)/\(name)")
    for position in stride(from: 0, to: whole.count - 4, by: 2) {
      for value: [UInt8] in [[0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 0x80]] {
        var damaged = whole
        damaged.replaceSubrange(position..<position + 4, with: value)
        _ = error { try Image(decoding: damaged, name: name, decoding: ImageDecoding(maximumPixels: 1 << 22)) }
      }
    }
  }
}
