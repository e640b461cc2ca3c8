import ZooCore

/// Integers of four bits, two in a byte, as integers of eight.
struct WidenedTensor: TensorSource {
  let stored: StoredTensor

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try stored.load().withUnsafeBytes { packed in
      for index in bytes.indices {
        let half = index % 2 == 0 ? packed[index / 2] << 4 : packed[index / 2] & 0xF0
        bytes[index] = UInt8(bitPattern: Int8(bitPattern: half) >> 4)
      }
    }
  }
}
