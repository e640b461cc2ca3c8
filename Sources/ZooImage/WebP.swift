import CWebP
import ZooCore

/// Decodes a still WebP file; alpha is dropped.
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
  guard features.has_animation == 0 else {
    throw ZooError(.badData, "an animated WebP", advice: "save one frame as a still picture")
  }
  let (width, height) = (Int(features.width), Int(features.height))
  try checkSize(width: width, height: height, fileSize: bytes.count, decoding)

  var config = WebPDecoderConfig()
  guard WebPInitDecoderConfig(&config) != 0 else { throw ZooError(.defect, "libwebp has another ABI version") }
  let image = try Image(width: width, height: height, zeroed: true) { pixels in
    config.output.colorspace = MODE_RGB
    config.output.is_external_memory = 1
    config.output.u.RGBA = WebPRGBABuffer(rgba: pixels.baseAddress, stride: Int32(3 * width), size: pixels.count)
    defer { WebPFreeDecBuffer(&config.output) }
    switch WebPDecode(bytes.baseAddress, bytes.count, &config) {
    case VP8_STATUS_OK: break
    case VP8_STATUS_SUSPENDED, VP8_STATUS_NOT_ENOUGH_DATA: throw truncated(bytes.count)
    case let status: throw ZooError(.badData, "a damaged WebP: \(reason(status))")
    }
  }
  return decoding.appliesOrientation ? image.oriented(by: orientation(inWebP: bytes)) : image
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
