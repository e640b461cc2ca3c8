import CJPEG
import ZooCore

/// Decodes a JPEG file as Pillow does: accurate inverse DCT, smooth chroma upsampling.
func decodeJPEG(_ bytes: UnsafeBufferPointer<UInt8>, _ decoding: ImageDecoding) throws -> Image {
  let markers = JPEGMarkers(scanning: bytes)
  guard let decoder = tjInitDecompress() else { throw ZooError(.defect, "libjpeg-turbo does not start") }
  defer { tjDestroy(decoder) }

  // An unusual chroma subsampling makes this call fail after it has given the size; decoding works nevertheless.
  var (width, height, subsampling, colorSpace) = (Int32(0), Int32(0), Int32(0), Int32(0))
  let result = tjDecompressHeader3(
    decoder, bytes.baseAddress, UInt(bytes.count), &width, &height, &subsampling, &colorSpace)
  guard width > 0, height > 0 else {
    guard markers.isComplete else { throw truncated(bytes.count) }
    throw ZooError(.badData, result == 0 ? "the JPEG has no pixels" : "a damaged JPEG: \(message(of: decoder))")
  }
  let (columns, rows) = (Int(width), Int(height))
  try checkSize(width: columns, height: rows, fileSize: bytes.count, decoding)
  // Each block of 8×8 samples takes one bit at least, so that the header alone can't claim much memory.
  guard columns * rows / (64 * 8) <= bytes.count, markers.isComplete else { throw truncated(bytes.count) }
  try checkScans(of: markers, area: columns * rows)

  let image: Image
  if colorSpace == TJCS_CMYK.rawValue || colorSpace == TJCS_YCCK.rawValue {
    var inks = [UInt8](repeating: 0, count: 4 * columns * rows)
    try decompress(decoder, bytes, into: &inks, width, height, TJPF_CMYK)
    image = Image(width: columns, height: rows) { convertInvertedCMYK(inks, to: $0) }
  } else {
    image = try Image(width: columns, height: rows, zeroed: true) { pixels in
      try decompress(decoder, bytes, into: pixels.baseAddress, width, height, TJPF_RGB)
    }
  }
  return decoding.appliesOrientation ? image.oriented(by: markers.tags.orientation) : image
}

/// Refuses what takes too long or too much memory: each scan goes over the whole picture, whatever little it holds, and
/// where there are several, libjpeg-turbo keeps all coefficients, of two bytes.
func checkScans(of markers: JPEGMarkers, area: Int) throws {
  guard markers.scans > 1 else { return }
  // Encoders make some ten scans, and eighteen of four inks.
  guard markers.scans <= 20 || markers.scans * area <= 1 << 31 else {
    throw ZooError(
      .badData,
      "a JPEG of \(area) pixels in \(markers.scans) scans; the limit is \(max(20, 1 << 31 / area)) at this size",
      advice: "save it again as a baseline JPEG")
  }
  let pixelBytes = 2 * markers.components + (markers.components == 4 ? 4 + 3 : 3)
  guard area * pixelBytes <= 7 << 28 else {
    throw ZooError(
      .badData,
      "a progressive JPEG of \(area) pixels needs \(area * pixelBytes >> 20) MiB of memory; the limit is 1792",
      advice: "save it again as a baseline JPEG")
  }
}

private func decompress(
  _ decoder: tjhandle, _ bytes: UnsafeBufferPointer<UInt8>, into pixels: UnsafeMutablePointer<UInt8>?,
  _ width: Int32, _ height: Int32, _ format: TJPF
) throws {
  let status = tjDecompress2(
    decoder, bytes.baseAddress, UInt(bytes.count), pixels, width, 0, height, Int32(format.rawValue),
    TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
  // Warnings (extra bytes between segments, a damaged block) leave a picture, as in Pillow and in browsers.
  guard status == 0 || tjGetErrorCode(decoder) == TJERR_WARNING.rawValue else {
    throw ZooError(.badData, "a damaged JPEG: \(message(of: decoder))")
  }
}

private func message(of decoder: tjhandle) -> String {
  String(cString: tjGetErrorStr2(decoder))
}

/// CMYK to RGB. JPEG files have their inks inverted, as Adobe's programs write them and as Pillow takes all of them.
private func convertInvertedCMYK(_ inks: [UInt8], to pixels: UnsafeMutableBufferPointer<UInt8>) {
  for pixel in 0..<inks.count / 4 {
    let from = 4 * pixel
    let color = rgb(
      cyan: ~inks[from], magenta: ~inks[from + 1], yellow: ~inks[from + 2], black: ~inks[from + 3])
    (pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]) = color
  }
}
