extension Float {
  /// The value of a 16-bit float (IEEE 754 binary16), which float32 always has; what is no number keeps its bits.
  package init(half bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let fraction = UInt32(bits & 0x3FF)
    switch bits >> 10 & 0x1F {
    case 0:
      let magnitude = Float(Int32(fraction)) * 0x1p-24
      self.init(bitPattern: magnitude.bitPattern | sign)
    case 31: self.init(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    case let exponent: self.init(bitPattern: sign | (UInt32(exponent) + 112) << 23 | fraction << 13)
    }
  }

  /// The number, or the neighbour of it whose last bit is set, so that rounding once more rounds as if it were the first
  /// time (Boldo and Melquiond 2008, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
  /// to odd").
  package static func roundedToOdd(_ number: Double) -> Float {
    let nearest = Float(number)
    if Double(nearest) == number || number.isNaN || number.isInfinite { return nearest }
    // Towards zero first.
    let bits = Double(nearest).magnitude > number.magnitude ? nearest.bitPattern - 1 : nearest.bitPattern
    return Float(bitPattern: bits | 1)
  }

  /// The nearest bfloat16, ties to even. A NaN keeps the first bits of its payload and becomes quiet.
  package var bfloat16Bits: UInt16 {
    if isNaN { return UInt16(bitPattern >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)) >> 16)
  }

  /// The nearest binary16, ties to even. A NaN keeps the first bits of its payload and becomes quiet.
  package var halfBits: UInt16 {
    let sign = UInt16(bitPattern >> 16 & 0x8000)
    let magnitude = bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 | UInt16(magnitude >> 13 & 0x3FF) }
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
    if magnitude >= 0x3880_0000 {
      let rebased = magnitude - 0x3800_0000
      return sign | UInt16((rebased + 0xFFF + (rebased >> 13 & 1)) >> 13)
    }
    guard magnitude > 0x3300_0000 else { return sign }
    // In units of 2⁻²⁴, the smallest number above zero.
    let shift = 126 - magnitude >> 23
    let fraction = magnitude & 0x7F_FFFF | 0x80_0000
    let half = UInt32(1) << (shift - 1)
    return sign | UInt16((fraction + half - 1 + (fraction >> shift & 1)) >> shift)
  }
}
