import ZooCore

/// How the elements of one type become planes.
struct PlaneForm: Sendable, Equatable {
  /// Bytes of one element; a complex number is two.
  let width: Int
  /// Whether a rotation puts the sign below the mantissa, so that the exponent has a byte of its own (or most of one).
  let rotated: Bool

  init(_ type: ElementType) {
    switch type {
    case .float32, .complex64: (width, rotated) = (4, true)
    case .float64, .complex128: (width, rotated) = (8, true)
    case .float16, .bfloat16: (width, rotated) = (2, true)
    case .int16, .uint16: (width, rotated) = (2, false)
    case .int32, .uint32: (width, rotated) = (4, false)
    case .int64, .uint64: (width, rotated) = (8, false)
    default: (width, rotated) = (1, false)
    }
  }
}
