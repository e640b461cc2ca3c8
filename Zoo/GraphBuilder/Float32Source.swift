import ZooCore

/// A tensor of another floating-point type, converted to float32 whenever it is loaded.
struct Float32Source: TensorSource {
  private let tensor: StoredTensor

  /// `nil` for a type that is not float16, bfloat16 or float64.
  init?(_ tensor: StoredTensor) {
    guard [.float16, .bfloat16, .float64].contains(tensor.type) else { return nil }
    self.tensor = tensor
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let values = bytes.bindMemory(to: Float.self)
    try tensor.load().withUnsafeBytes { source in
      for index in values.indices {
        values[index] =
          switch tensor.type {
          case .float64: Float(source.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
          case .bfloat16:
            Float(bitPattern: UInt32(source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
          default: Self.half(source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
          }
      }
    }
  }

  /// IEEE 754 binary16; every value of it is one of float32.
  private static func half(_ bits: UInt16) -> Float {
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    let magnitude =
      switch exponent {
      case 0: Float(sign: .plus, exponent: -24, significand: fraction)
      case 31: fraction == 0 ? Float.infinity : Float.nan
      default: Float(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
      }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }
}
