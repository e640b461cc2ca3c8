extension UnsafeMutableRawBufferPointer {
  /// Turns the bytes of every number around.
  ///
  /// - Parameter width: Bytes of a number, a divisor of the bytes that there are; 1, 2, 4 or 8 are quickest.
  package func swapByteOrder(width: Int) {
    switch width {
    case 0, 1: break
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: for start in stride(from: 0, to: count, by: width) { self[start..<start + width].reverse() }
    }
  }

  private func swap<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) {
    for offset in stride(from: 0, to: count, by: MemoryLayout<Number>.size) {
      let number = loadUnaligned(fromByteOffset: offset, as: Number.self)
      storeBytes(of: number.byteSwapped, toByteOffset: offset, as: Number.self)
    }
  }
}
