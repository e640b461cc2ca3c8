import CPNG
import CPNGReader
import Files
import ZooCore

/// Decodes a PNG file to the stored sample values.
func decodePNG(_ bytes: UnsafeBufferPointer<UInt8>, _ decoding: ImageDecoding) throws -> Image {
  // The signature, then the header chunk: length, name, width, height, depth, colour type, three methods, checksum.
  guard bytes.count >= 33 else { throw truncated(bytes.count) }
  guard bytes[12..<16].elementsEqual("IHDR".utf8) else {
    throw ZooError(.badData, "a damaged PNG: the first chunk is not the header")
  }
  func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
  let (width, height, depth) = (number(at: 16), number(at: 20), Int(bytes[24]))
  try checkSize(width: width, height: height, fileSize: bytes.count, decoding)
  // Seven passes, with a mask for each pixel of each, take ten times as long.
  guard bytes[28] == 0 || width * height <= 1 << 26 else {
    throw ZooError(
      .badData, "an interlaced PNG of \(width)×\(height) pixels; the limit is \(1 << 26)",
      advice: "save it again without interlacing")
  }
  // Deflate packs at most 1032 bytes in one.
  let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][bytes[25]] ?? 1
  let unpacked = width * samples * min(depth, 16) / 8 * height
  guard unpacked / 1032 <= bytes.count else { throw truncated(bytes.count) }
  guard unpacked <= 1 << 29 || unpacked / 16 <= bytes.count else {
    throw ZooError(
      .badData, "a PNG of \(bytes.count) bytes that unpacks to \(unpacked >> 20) MiB, more than honest pictures do",
      advice: "save it again with 8 bits a sample")
  }

  var message = [CChar](repeating: 0, count: Int(ZOO_PNG_MESSAGE_SIZE))
  let image = try Image(width: width, height: height, zeroed: true) { pixels in
    switch zoo_png_decode(
      bytes.baseAddress, bytes.count, pixels.baseAddress, UInt32(width), UInt32(height), &message)
    {
    case ZOO_PNG_OK: break
    case ZOO_PNG_TRUNCATED: throw truncated(bytes.count)
    default: throw ZooError(.badData, "a damaged PNG: \(text(message))")
    }
  }
  return decoding.appliesOrientation ? image.oriented(by: orientation(inPNG: bytes)) : image
}

/// What the chunk eXIf (PNG 3, 11.3.4.5), else ImageMagick's text chunk, and XMP say: the chunks are a length, a name,
/// the data and a checksum each.
private func orientation(inPNG bytes: UnsafeBufferPointer<UInt8>) -> Int {
  var tags = OrientationTags()
  var (profile, packet): (PNGText?, PNGText?)
  var position = 8
  while position <= bytes.count - 12 {
    let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
    let data = position + 8
    guard length <= bytes.count - 4 - data else { break }
    let kind = String(decoding: bytes[position + 4..<data], as: UTF8.self)
    if kind == "eXIf" || kind.hasSuffix("Xt") {
      let content = Array(bytes[data..<data + length])[...]
      if kind == "eXIf" { tags.exif = content }
      if let text = PNGText(kind: kind, data: content) {
        if text.has(keyword: "Raw profile type exif") { profile = text }
        if text.has(keyword: "XML:com.adobe.xmp") { packet = text }
      }
    }
    position = data + length + 4
  }
  // Only the texts that count are unpacked, so that many cost nothing.
  if tags.exif.isEmpty { tags.exif = profile?.rawProfile ?? [] }
  tags.xmp = packet?.bytes ?? []
  return tags.orientation
}

/// The C string in `message`.
private func text(_ message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension Image {
  /// Writes the picture to `path` as a PNG file; a reader sees the old file or the whole new one.
  ///
  /// - Throws: `ZooError`: `notFound` when the folder does not exist, `badData` when the system refuses.
  public func writePNG(to path: String) throws(ZooError) {
    do {
      let bytes = try encodedPNG()
      try bytes.withUnsafeBytes { try NewFile.write([$0], to: path) }
    } catch { throw ZooError(error) }
  }

  /// The bytes of a PNG file of the picture.
  ///
  /// - Throws: `ZooError` (`unsupported`) for sides that PNG can't hold.
  public func encodedPNG() throws(ZooError) -> [UInt8] {
    do {
      guard let width = UInt32(exactly: width), let height = UInt32(exactly: height) else {
        throw ZooError(.unsupported, "PNG has no pictures of \(width)×\(height) pixels")
      }
      var png = png_image()
      png.version = UInt32(PNG_IMAGE_VERSION)
      png.width = width
      png.height = height
      png.format = UInt32(PNG_FORMAT_FLAG_COLOR)
      png.flags = UInt32(PNG_IMAGE_FLAG_FAST)
      defer { png_image_free(&png) }
      // Without memory, libpng gives the size that it needs.
      var size = png_alloc_size_t(0)
      guard png_image_write_to_memory(&png, nil, &size, 0, pixels, 0, nil) != 0 else { throw Self.encodingError(png) }
      return try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, initialized in
        guard png_image_write_to_memory(&png, buffer.baseAddress, &size, 0, pixels, 0, nil) != 0 else {
          throw Self.encodingError(png)
        }
        initialized = Int(size)
      }
    } catch { throw ZooError(error) }
  }

  private static func encodingError(_ png: png_image) -> ZooError {
    let text = withUnsafeBytes(of: png.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return ZooError(.unsupported, "libpng can't write the picture: \(text)")
  }
}
