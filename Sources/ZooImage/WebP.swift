#if WebP
  import CWebP
  import ZooCore

  /// Decodes a WebP file, or the first frame of an animated one; alpha is dropped.
  func decodeWebP(_ bytes: UnsafeBufferPointer<UInt8>, _ decoding: ImageDecoding) throws -> Image {
    // RIFF's own size tells whether everything has arrived.
    let size = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard size + 8 <= bytes.count else { throw truncated(bytes.count) }

    var features = WebPBitstreamFeatures()
    switch WebPGetFeatures(bytes.baseAddress, bytes.count, &features) {
    case VP8_STATUS_OK: break
    case VP8_STATUS_NOT_ENOUGH_DATA: throw truncated(bytes.count)
    case let status: throw ZooError(.badData, "a damaged WebP: \(reason(status))")
    }
    let (width, height) = (Int(features.width), Int(features.height))
    try checkSize(width: width, height: height, fileSize: bytes.count, decoding)
    let image = try Image(width: width, height: height, zeroed: true) { pixels in
      if features.has_animation == 0 {
        try decode(bytes, into: pixels[...], stride: 3 * width)
      } else {
        try decodeFirstFrame(bytes, width: width, height: height, into: pixels)
      }
    }
    return decoding.appliesOrientation ? image.oriented(by: orientation(inWebP: bytes)) : image
  }

  private func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, into pixels: Slice<UnsafeMutableBufferPointer<UInt8>>, stride: Int
  ) throws {
    var config = WebPDecoderConfig()
    guard WebPInitDecoderConfig(&config) != 0 else { throw ZooError(.defect, "libwebp has another ABI version") }
    let output = UnsafeMutableBufferPointer(rebasing: pixels)
    config.output.colorspace = MODE_RGB
    config.output.is_external_memory = 1
    config.output.u.RGBA = WebPRGBABuffer(rgba: output.baseAddress, stride: Int32(stride), size: output.count)
    defer { WebPFreeDecBuffer(&config.output) }
    switch WebPDecode(bytes.baseAddress, bytes.count, &config) {
    case VP8_STATUS_OK: break
    case VP8_STATUS_SUSPENDED, VP8_STATUS_NOT_ENOUGH_DATA: throw truncated(bytes.count)
    case let status: throw ZooError(.badData, "a damaged WebP: \(reason(status))")
    }
  }

  /// Decodes an animation's first frame (RFC 9649, 2.7.1.1) to its place on the canvas, which is black around it.
  private func decodeFirstFrame(
    _ bytes: UnsafeBufferPointer<UInt8>, width: Int, height: Int, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws {
    var frame: Slice<UnsafeBufferPointer<UInt8>>?
    forEachChunk(of: bytes[12...]) { name, data in
      if name == "ANMF", frame == nil { frame = data }
    }
    guard let frame, frame.count > 16 else { throw ZooError(.badData, "an animated WebP without a frame") }
    func number(at offset: Int) -> Int {
      frame.dropFirst(offset).prefix(3).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let (left, top) = (2 * number(at: 0), 2 * number(at: 3))
    let (columns, rows) = (number(at: 6) + 1, number(at: 9) + 1)
    guard left + columns <= width, top + rows <= height else {
      throw ZooError(.badData, "an animated WebP whose first frame is not on its canvas of \(width)×\(height) pixels")
    }
    // Alpha, in a chunk of its own, does not matter.
    var stream: Slice<UnsafeBufferPointer<UInt8>>?
    forEachChunk(of: frame.dropFirst(16)) { name, data in
      if name == "VP8 " || name == "VP8L", stream == nil { stream = data }
    }
    guard let stream, !stream.isEmpty else { throw ZooError(.badData, "an animated WebP whose first frame is empty") }
    let still = UnsafeBufferPointer(rebasing: stream)
    var features = WebPBitstreamFeatures()
    guard WebPGetFeatures(still.baseAddress, still.count, &features) == VP8_STATUS_OK, features.width == columns,
      features.height == rows
    else { throw ZooError(.badData, "a damaged WebP: the first frame is not of \(columns)×\(rows) pixels") }
    let start = 3 * (top * width + left)
    try decode(still, into: pixels[start..<start + 3 * ((rows - 1) * width + columns)], stride: 3 * width)
  }

  /// What the chunks EXIF and XMP say (RFC 9649, 2.7.1.5).
  private func orientation(inWebP bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var tags = OrientationTags()
    forEachChunk(of: bytes[12...]) { name, data in
      switch name {
      case "EXIF" where tags.exif.isEmpty: tags.exif = Array(data)[...]
      case "XMP " where tags.xmp.isEmpty: tags.xmp = Array(data)[...]
      default: break
      }
    }
    return tags.orientation
  }

  /// Gives the chunks: a name, a length, and data that is padded to an even length.
  private func forEachChunk(
    of bytes: Slice<UnsafeBufferPointer<UInt8>>, _ body: (String, Slice<UnsafeBufferPointer<UInt8>>) -> Void
  ) {
    var position = bytes.startIndex
    while position <= bytes.endIndex - 8 {
      let data = position + 8
      let length = bytes[position + 4..<data].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.endIndex - data else { break }
      body(String(decoding: bytes[position..<position + 4], as: UTF8.self), bytes[data..<data + length])
      position = data + length + length % 2
    }
  }

  private func reason(_ status: VP8StatusCode) -> String {
    switch status {
    case VP8_STATUS_OUT_OF_MEMORY: "no memory"
    case VP8_STATUS_UNSUPPORTED_FEATURE: "a feature that libwebp does not have"
    default: "its bit stream makes no sense"
    }
  }
#endif
