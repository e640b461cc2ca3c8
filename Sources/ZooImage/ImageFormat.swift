/// The file formats that `Image` decodes, told apart by their first bytes: a file's name says nothing reliable.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"
  case webp = "WebP"
  case gif = "GIF"
  case bmp = "BMP"
  case tiff = "TIFF"

  /// All of them: `JPEG, PNG, WebP, GIF, BMP or TIFF`.
  public static let names =
    allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or " + allCases[allCases.count - 1].rawValue

  /// What the names of such files end with, behind a full stop.
  public static let fileEndings: Set<String> = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]

  /// Bytes from a file's beginning that are enough to tell its format.
  public static let signatureLength = 18

  /// The sizes of the header that follows a BMP file's first 14 bytes.
  static let bitmapHeaders: [UInt8] = [12, 40, 52, 56, 64, 108, 124]

  /// In both byte orders, and those of BigTIFF.
  private static let tiffBeginnings = ["II*\0", "MM\0*", "II+\0", "MM\0+"]

  /// The largest file that is read, in bytes: more than pictures of `ImageDecoding.maximumPixels` take.
  package static let mostBytes = 1 << 29

  /// The format of a file that begins with `bytes`; `nil` for any other.
  public init?(signature bytes: some Collection<UInt8>) {
    if bytes.starts(with: [0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .png
    } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
      self = .webp
    } else if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) {
      self = .gif
    } else if bytes.starts(with: "BM".utf8), let size = bytes.dropFirst(14).first, Self.bitmapHeaders.contains(size),
      bytes.dropFirst(15).starts(with: [0, 0, 0])
    {
      self = .bmp
    } else if Self.tiffBeginnings.contains(where: { bytes.starts(with: $0.utf8) }) {
      self = .tiff
    } else {
      return nil
    }
  }

  /// The name of an image format that begins with `bytes` and that `Image` does not decode, for an error's advice.
  static func nameOfUnsupported(signature bytes: some Collection<UInt8>) -> String? {
    let atStart: [(String, [UInt8])] = [("JPEG XL", [0xff, 0x0a]), ("PDF", Array("%PDF".utf8))]
    let brands: [(String, [UInt8])] = [
      ("AVIF", Array("ftypavif".utf8)), ("HEIC", Array("ftyphei".utf8)), ("HEIC", Array("ftypmif1".utf8)),
    ]
    return atStart.first { bytes.starts(with: $0.1) }?.0 ?? brands.first { bytes.dropFirst(4).starts(with: $0.1) }?.0
  }
}
