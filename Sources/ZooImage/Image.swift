import ZooCore

/// A picture in memory: 8-bit RGB, row by row from the top.
///
/// ```swift
/// let photo = try Image(contentsOf: "cat.jpg")
/// let input = try ImagePreprocessing.imageNet().tensor(from: [photo])
/// ```
public struct Image: Sendable, Hashable {
  /// Columns, in pixels.
  public let width: Int
  /// Rows, in pixels.
  public let height: Int
  /// `height` rows of `width` pixels of three bytes: red, green, blue.
  public let pixels: [UInt8]

  /// A picture of `pixels`.
  ///
  /// - Throws: `ZooError` (`usage`) when the sides are not positive or `pixels` is not `3 * width * height` long.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(ZooError) {
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, pixels.count % 3 == 0, pixels.count / 3 == area else {
      throw ZooError(.usage, "\(pixels.count) bytes are not a picture of \(width)×\(height) RGB pixels")
    }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of known size whose pixels `fill` writes; they begin as zeros where `zeroed` says so.
  init(
    width: Int, height: Int, zeroed: Bool = false, filling fill: (UnsafeMutableBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    self.width = width
    self.height = height
    let count = 3 * width * height
    pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      if zeroed { buffer.initialize(repeating: 0) }
      try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }
}
