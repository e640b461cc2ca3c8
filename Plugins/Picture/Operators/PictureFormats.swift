import ZooCore
import ZooImage

/// The picture in a file of any format; `nil` for anything else.
///
/// - Throws: `ZooError` (`unsupported`) for a format that this build leaves out.
package func decodedPicture(_ bytes: UnsafeBufferPointer<UInt8>) throws -> Image? {
  if let picture = try decodePortablePixmap(bytes) ?? decodeJPEG2000(bytes) { return picture }
  do {
    // Pixels as they are stored: the specification knows no orientation.
    return try Image(decoding: Array(bytes), name: "encoded_stream", decoding: .forEvaluation)
  } catch {
    if error.kind == .unsupported { throw error }
    return nil
  }
}
