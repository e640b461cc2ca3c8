import ZooCore
import ZooImage

#if JPEG2000
  import CJPEG2000

  /// The picture in a JPEG 2000 file; `nil` for anything else.
  func decodeJPEG2000(_ bytes: UnsafeBufferPointer<UInt8>) throws -> Image? {
    let limits = ImageDecoding()
    // A picture of one colour takes hardly any bytes; beyond 16 million pixels the file has to justify more.
    let most = min(limits.maximumPixels, max(1 << 24, bytes.count.multipliedReportingOverflow(by: 512).partialValue))
    var (width, height): (UInt32, UInt32) = (0, 0)
    guard zj_size(bytes.baseAddress, bytes.count, most, &width, &height) != 0 else { return nil }
    var pixels = [UInt8](repeating: 0, count: 3 * Int(width) * Int(height))
    guard zj_decode(bytes.baseAddress, bytes.count, &pixels, width, height) != 0 else { return nil }
    return try? Image(width: Int(width), height: Int(height), pixels: pixels)
  }
#else
  /// Throws for a JPEG 2000 file, a box file or a bare codestream (ISO/IEC 15444-1, annexes A and I); `nil` for anything else.
  func decodeJPEG2000(_ bytes: UnsafeBufferPointer<UInt8>) throws -> Image? {
    let beginnings: [[UInt8]] = [[0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20], [0xff, 0x4f, 0xff, 0x51]]
    guard beginnings.contains(where: { bytes.starts(with: $0) }) else { return nil }
    throw ZooError.leftOut("pictures in JPEG 2000 files", trait: "JPEG2000")
  }
#endif
