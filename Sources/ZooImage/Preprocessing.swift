import ZooCore

extension ImagePreprocessing {
  /// The largest crop that is made, in pixels.
  private static let maximumCrop = 1 << 26

  /// The network's input for `images`: a float32 tensor N×3×height×width. Where photographs are not resized, they must
  /// all be of one size.
  ///
  /// Resizing, cropping and the arithmetic of each value are torchvision's (`Resize`, `CenterCrop`, `ToTensor`,
  /// `Normalize`), so that the values are the same.
  ///
  /// - Throws: `ZooError` (`badData`) for settings that make no sense, such as a deviation of zero.
  public func tensor(from images: [Image]) throws(ZooError) -> Tensor {
    do {
      let tables = try channelTables()
      try checkSizes()
      var (height, width) = (height, width)
      if case .none = resize {
        (height, width) = (images.first?.height ?? 1, images.first?.width ?? 1)
        guard images.allSatisfy({ $0.height == height && $0.width == width }) else {
          throw ZooError(
            .usage, "photographs of different sizes don't fit into one tensor", advice: "give them one by one")
        }
      }
      let plane = height * width
      return try Tensor(type: .float32, shape: [images.count, 3, height, width]) { bytes in
        let values = bytes.bindMemory(to: Float.self)
        for (index, image) in images.enumerated() {
          let crop = picture(from: image)
          crop.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<3 {
              let source = colorOrder == .rgb ? channel : 2 - channel
              let output = UnsafeMutableBufferPointer(rebasing: values[((3 * index + channel) * plane)...])
              tables[channel].withUnsafeBufferPointer { table in
                for pixel in 0..<plane { output[pixel] = table[Int(pixels[3 * pixel + source])] }
              }
            }
          }
        }
      }
    } catch { throw ZooError(error) }
  }

  /// What the network sees of `image`, before its values are scaled: resized, and cropped around the centre.
  ///
  /// - Throws: `ZooError` (`badData`) for sizes that make no sense.
  public func crop(of image: Image) throws(ZooError) -> Image {
    do {
      try checkSizes()
      return picture(from: image)
    } catch { throw ZooError(error) }
  }

  private func picture(from image: Image) -> Image {
    if case .none = resize { return image }
    let (resizedHeight, resizedWidth) = resizedSize(height: image.height, width: image.width)
    let rows = Self.centre(of: resizedHeight, taking: height)
    let columns = Self.centre(of: resizedWidth, taking: width)
    let part = image.resized(
      width: resizedWidth, height: resizedHeight, filter: filter, columns: columns.source, rows: rows.source)
    if part.width == width, part.height == height { return part }
    // What the picture does not cover is black.
    return Image(width: width, height: height, zeroed: true) { output in
      for row in 0..<part.height {
        let from = 3 * part.width * row
        let to = 3 * (width * (rows.padding + row) + columns.padding)
        let line = UnsafeMutableBufferPointer(rebasing: output[to...])
        _ = line.update(fromContentsOf: part.pixels[from..<from + 3 * part.width])
      }
    }
  }

  private func resizedSize(height: Int, width: Int) -> (height: Int, width: Int) {
    switch resize {
    case .none: (height, width)
    case .exact(let height, let width): (height, width)
    case .shorterSide(let side): height < width ? (side, side * width / height) : (side * height / width, side)
    }
  }

  /// Where torchvision's CenterCrop takes `length` out of `size`: the source's range, and how far it lies from the
  /// crop's edge when the source is smaller.
  private static func centre(of size: Int, taking length: Int) -> (source: Range<Int>, padding: Int) {
    if length > size { return (0..<size, (length - size) / 2) }
    // Python's round, halves to even.
    let first = Int((Double(size - length) / 2).rounded(.toNearestOrEven))
    return (first..<first + length, 0)
  }

  /// What each byte becomes, by the network's channel, in torchvision's order of operations.
  private func channelTables() throws -> [[Float]] {
    guard mean.count == 3, deviation.count == 3 else {
      throw ZooError(
        .badData, "preprocessing has \(mean.count) means and \(deviation.count) deviations; it needs three of each")
    }
    guard scale.isFinite, mean.allSatisfy(\.isFinite), deviation.allSatisfy({ $0.isFinite && $0 != 0 }) else {
      throw ZooError(.badData, "preprocessing has a scale, mean or deviation that makes no sense")
    }
    return zip(mean, deviation).map { mean, deviation in
      (0..<256).map { byte in
        // Bytes that stay bytes are exact.
        let value = scale == 255 ? Float(byte) : Float(byte) / 255 * scale
        return (value - mean) / deviation
      }
    }
  }

  private func checkSizes() throws {
    if case .none = resize { return }
    let (crop, overflow) = height.multipliedReportingOverflow(by: width)
    guard height > 0, width > 0, !overflow, crop <= Self.maximumCrop else {
      throw ZooError(.badData, "preprocessing crops to \(width)×\(height) pixels, which makes no sense")
    }
    let sides =
      switch resize {
      case .exact(let height, let width): [height, width]
      case .shorterSide(let side): [side]
      case .none: [Int]()
      }
    guard sides.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw ZooError(.badData, "preprocessing resizes to \(sides) pixels, which makes no sense")
    }
  }
}
