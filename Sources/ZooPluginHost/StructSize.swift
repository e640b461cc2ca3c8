/// Structs of the plugin ABI begin with the number of bytes that whoever made them knows of.
extension UnsafePointer {
  /// The struct as this version knows it: what its maker does not know stays as in `empty`, what only its maker knows is left
  /// out. `nil` where it is too small to hold all fields up to `last`.
  func copy<Field>(into empty: Pointee, through last: KeyPath<Pointee, Field>) -> Pointee? {
    let size = UnsafeRawPointer(self).load(as: Int.self)
    guard let place = MemoryLayout<Pointee>.offset(of: last), size >= place + MemoryLayout<Field>.size else {
      return nil
    }
    var copy = empty
    withUnsafeMutableBytes(of: &copy) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: self, count: Swift.min(size, $0.count)))
    }
    return copy
  }
}

extension UnsafeMutablePointer {
  /// Fills in as much of `value` as the struct has room for, by the size that it begins with and keeps.
  func fill(with value: Pointee) {
    let head = MemoryLayout<Int>.size
    let size = UnsafeRawPointer(self).load(as: Int.self)
    withUnsafeBytes(of: value) { bytes in
      guard size > head else { return }
      (UnsafeMutableRawPointer(self) + head).copyMemory(
        from: bytes.baseAddress.unsafelyUnwrapped + head, byteCount: Swift.min(size, bytes.count) - head)
    }
  }
}
