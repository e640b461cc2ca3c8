import ZooImage

extension FuzzTarget {
  /// JPEG, PNG, WebP, GIF, BMP and TIFF, told apart by their beginnings.
  static let picture = FuzzTarget(name: "picture") { bytes in
    _ = try Image(decoding: Array(bytes), name: "input", decoding: ImageDecoding(maximumPixels: 1 << 20))
  }
}
