import ZooCore

/// What the bytes of a pixel are, one a channel, in the order in which they lie in memory.
public enum PixelFormat: String, Sendable, Hashable, CaseIterable, Codable {
  case rgb, bgr, rgba, bgra, argb, gray

  public var bytesPerPixel: Int {
    switch self {
    case .rgb, .bgr: 3
    case .rgba, .bgra, .argb: 4
    case .gray: 1
    }
  }

  /// Where red, green and blue lie in a pixel.
  fileprivate var places: (red: Int, green: Int, blue: Int) {
    switch self {
    case .rgb, .rgba: (0, 1, 2)
    case .bgr, .bgra: (2, 1, 0)
    case .argb: (1, 2, 3)
    case .gray: (0, 0, 0)
    }
  }
}

extension Image {
  /// A picture of `height` rows of `width` pixels from the top.
  ///
  /// - Parameters:
  ///   - width: Pixels of a row.
  ///   - height: Rows.
  ///   - format: What the bytes of a pixel are; alpha is left out, not composed.
  ///   - rowStride: Bytes from the beginning of a row to that of the next; `nil` where rows follow each other.
  ///   - bytes: All rows. The last may end with its last pixel.
  /// - Throws: `ZooError` (`usage`) for numbers that don't fit together, and for more or fewer bytes than they say.
  public init(
    width: Int, height: Int, format: PixelFormat, rowStride: Int? = nil, bytes: UnsafeRawBufferPointer
  ) throws(ZooError) {
    let (row, isTooWide) = width.multipliedReportingOverflow(by: format.bytesPerPixel)
    let stride = rowStride ?? row
    guard width > 0, height > 0, !isTooWide else {
      throw ZooError(.usage, "\(width)×\(height) pixels are no picture")
    }
    guard stride >= row else {
      throw ZooError(
        .usage, "rows of \(width) \(format.rawValue) pixels take \(row) bytes, and their stride is \(stride)")
    }
    let (whole, isTooHigh) = stride.multipliedReportingOverflow(by: height)
    guard !isTooHigh, (whole - stride + row...whole).contains(bytes.count) else {
      throw ZooError(
        .usage,
        "\(bytes.count) bytes are not \(height) rows of \(width) \(format.rawValue) pixels with a stride of \(stride)")
    }
    guard width.multipliedReportingOverflow(by: 3 * height).overflow == false, 3 * height > 0 else {
      throw ZooError(.outOfMemory, "\(width)×\(height) pixels take more memory than there is")
    }
    let (red, green, blue) = format.places
    self.init(width: width, height: height) { pixels in
      var target = 0
      for start in Swift.stride(from: 0, to: height * stride, by: stride) {
        for pixel in Swift.stride(from: start, to: start + row, by: format.bytesPerPixel) {
          pixels[target] = bytes[pixel + red]
          pixels[target + 1] = bytes[pixel + green]
          pixels[target + 2] = bytes[pixel + blue]
          target += 3
        }
      }
    }
  }
}
