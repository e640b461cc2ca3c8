/// Structs of the ABI begin with the number of bytes that whoever made them knows of.
extension UnsafePointer {
  /// Whether whoever made the struct knows of the field.
  public func has<Field>(_ field: KeyPath<Pointee, Field>) -> Bool {
    guard let place = MemoryLayout<Pointee>.offset(of: field) else { return false }
    return UnsafeRawPointer(self).load(as: Int.self) >= place + MemoryLayout<Field>.size
  }

  /// A copy to change; fields that the host is too old to know stay as in `empty`.
  public func copy(into empty: Pointee) -> Pointee {
    var copy = empty
    withUnsafeMutableBytes(of: &copy) {
      let size = UnsafeRawPointer(self).load(as: Int.self)
      $0.copyMemory(from: UnsafeRawBufferPointer(start: self, count: Swift.min(size, $0.count)))
    }
    return copy
  }
}
