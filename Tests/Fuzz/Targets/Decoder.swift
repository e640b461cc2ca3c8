import PicturePlugin

extension FuzzTarget {
  /// The formats that ImageDecoder knows beside those of `picture`: JPEG 2000 and the portable pixmaps.
  static let decoder = FuzzTarget(name: "decoder") { bytes in
    _ = try? decodedPicture(
      UnsafeBufferPointer(start: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count: bytes.count))
  }
}
