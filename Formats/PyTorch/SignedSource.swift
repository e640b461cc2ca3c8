import Files
import ZooCore

/// A view that PyTorch has noted is to be conjugated (`conj`) or negated (`neg`), with its signs as they are then.
struct SignedSource: TensorSource {
  let view: StridedSource
  let isConjugated: Bool
  let isNegated: Bool

  /// Whether elements of `type` have signs that can be turned: floating-point numbers from 16 bits on, and pairs of them.
  static func takes(_ type: ElementType) -> Bool { width(type) != nil }

  /// Bytes of a number, of which a complex one has two.
  private static func width(_ type: ElementType) -> Int? {
    switch type {
    case .float16, .bfloat16: 2
    case .float32, .complex64: 4
    case .float64, .complex128: 8
    default: nil
    }
  }

  func checkUnchanged() throws { try view.checkUnchanged() }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try view.read(into: bytes, type: type, shape: shape)
    guard let width = Self.width(type) else { return }
    let isComplex = type == .complex64 || type == .complex128
    for number in 0..<bytes.count / width {
      let isImaginary = isComplex && number % 2 == 1
      if isNegated != (isConjugated && isImaginary) { bytes[number * width + width - 1] ^= 0x80 }
    }
  }
}
