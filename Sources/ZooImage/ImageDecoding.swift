import Files
import ZooCore

/// How image files are read.
public struct ImageDecoding: Sendable, Hashable {
  /// Whether EXIF's orientation is applied, so that the picture stands as the camera's owner sees it.
  ///
  /// People who ask about a photograph expect that. Measuring accuracy on a dataset needs the opposite: torchvision's
  /// loaders ignore the orientation, and published accuracies come from them. (Of TIFF files alone, Pillow applies it as
  /// it loads them; not here.)
  public var appliesOrientation: Bool
  /// The largest picture that is decoded, in pixels; the default is Pillow's limit. The memory needed is three to nine
  /// times as many bytes.
  public var maximumPixels: Int

  /// What a person's photograph needs by default; `forEvaluation` is for datasets.
  public init(appliesOrientation: Bool = true, maximumPixels: Int = 178_956_970) {
    self.appliesOrientation = appliesOrientation
    self.maximumPixels = maximumPixels
  }

  /// Pixels as stored, whatever the orientation says.
  public static let forEvaluation = ImageDecoding(appliesOrientation: false)
}

extension Image {
  /// The picture in the JPEG, PNG, WebP, GIF, BMP or TIFF file at `path`; of an animation its first frame,
  /// of several pages the first.
  ///
  /// The pixels are those that Pillow's `Image.open(path).convert("RGB")` gives: alpha is dropped, not composed, colour
  /// profiles and gamma are ignored, and 16-bit samples keep their high byte (for 16-bit grey, where Pillow clips
  /// everything from 255 upwards to white, this too).
  ///
  /// - Throws: `ZooError`: `notFound` when there is no such file; `badData`, with `path` as its location, for anything
  ///   that is not a whole picture of one of the formats, and for one that is larger than `decoding` allows;
  ///   `unsupported` for TIFF and WebP in a program that was built without these traits of the package.
  public init(contentsOf path: String, decoding: ImageDecoding = ImageDecoding()) throws(ZooError) {
    do {
      let file = try InputFile(path: path)
      let beginning = try file.read(ForeignFile.beginningLength)
      _ = try Self.format(of: beginning, name: path)
      let rest = try file.readToEnd(limit: ImageFormat.mostBytes)
      self = try Image(decoding: beginning + rest, name: path, decoding: decoding)
    } catch { throw ZooError(error) }
  }

  /// The picture in `bytes`, a whole JPEG, PNG, WebP, GIF, BMP or TIFF file; `name` tells people which one an error is about.
  ///
  /// - Throws: `ZooError`, as `init(contentsOf:decoding:)` does.
  public init(decoding bytes: [UInt8], name: String, decoding: ImageDecoding = ImageDecoding()) throws(ZooError) {
    do {
      let format = try Self.format(of: bytes, name: name)
      do {
        self = try bytes.withUnsafeBufferPointer { buffer in
          switch format {
          case .jpeg: try decodeJPEG(buffer, decoding)
          case .png: try decodePNG(buffer, decoding)
          case .webp:
            #if WebP
              try decodeWebP(buffer, decoding)
            #else
              throw ZooError.leftOut("pictures in WebP files", trait: "WebP")
            #endif
          case .gif: try decodeGIF(buffer, decoding)
          case .bmp: try decodeBMP(buffer, decoding)
          case .tiff:
            #if TIFF
              try decodeTIFF(buffer, decoding)
            #else
              throw ZooError.leftOut("pictures in TIFF files", trait: "TIFF")
            #endif
          }
        }
      } catch let error as ZooError {
        throw error.located(name)
      }
    } catch { throw ZooError(error) }
  }

  private static func format(of bytes: [UInt8], name: String) throws -> ImageFormat {
    if let format = ImageFormat(signature: bytes) { return format }
    guard !bytes.isEmpty else { throw ZooError(.badData, "the file is empty", at: name) }
    let other = ImageFormat.nameOfUnsupported(signature: bytes)
    throw ZooError(
      .badData, "\(fileName(of: name)) is not a \(ImageFormat.names) image", at: name,
      advice: other.map { "it is a \($0) file; convert it to PNG" }
        ?? bytes.withUnsafeBytes(ForeignFile.init).map { "it is \($0.title); \($0.advice)" })
  }

  private static func fileName(of path: String) -> Substring {
    path.split(separator: "/").last ?? Substring(path)
  }
}

/// Refuses sizes that no picture has, that exceed the limit, or that `fileSize` bytes can't hold.
func checkSize(width: Int, height: Int, fileSize: Int, _ decoding: ImageDecoding) throws {
  guard width > 0, height > 0 else { throw ZooError(.badData, "the header gives a size of \(width)×\(height) pixels") }
  let (area, overflow) = width.multipliedReportingOverflow(by: height)
  guard !overflow, area <= decoding.maximumPixels else {
    throw ZooError(
      .badData, "the picture has \(width)×\(height) pixels; the limit is \(decoding.maximumPixels)",
      advice: "scale it down first")
  }
  // As libpng by default: each row has a cost of its own, and so has each weight when such a side is resized.
  guard max(width, height) <= 1_000_000 else {
    throw ZooError(.badData, "the picture has \(width)×\(height) pixels; the limit is 1000000 a side")
  }
  // What compresses best (PNG with one bit a pixel) packs 8 × 1032 pixels in a byte. WebP has no such bound, so that a
  // few bytes can claim the whole limit; then 16 million pixels are enough.
  guard area <= 1 << 24 || (area - 1 << 24) / (8 * 1032) <= fileSize else {
    throw ZooError(.badData, "a file of \(fileSize) bytes can't hold the \(width)×\(height) pixels that it claims")
  }
}

/// Refuses more than 16 million pixels of runs where `fileSize` bytes give 64 or more each: unpacking takes long.
func checkRuns(width: Int, height: Int, fileSize: Int) throws {
  guard width * height <= 1 << 24 || width * height / 64 <= fileSize else {
    throw ZooError(.badData, "\(fileSize) bytes for \(width)×\(height) pixels is no honest picture")
  }
}

/// The error for a file that ends before its picture does.
func truncated(_ fileSize: Int) -> ZooError {
  ZooError(
    .badData, "the image is truncated: the file ends after \(fileSize) bytes, before the picture does",
    advice: "copy or download it again")
}
