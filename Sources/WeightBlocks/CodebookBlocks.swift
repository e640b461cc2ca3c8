import ZooCore
import ZooNumbers

/// Blocks whose elements are vectors of a codebook, each with a number, and signs or a shift beside it.
extension Dequantization {
  /// A vector of the codebook times `scale`, with the signs of `signs`, the lowest bit first.
  @inline(__always)
  private static func put(
    _ vector: UnsafePointer<Int8>, _ count: Int, signs: UInt8, _ scale: Float, _ output: Numbers
  ) {
    for index in 0..<count {
      let number = scale * Float(vector[index])
      output[index] = signs &>> UInt8(truncatingIfNeeded: index) & 1 == 0 ? number : -number
    }
  }

  /// Eight signs of seven bits: their number is even.
  @inline(__always)
  private static func signs(_ bits: UInt32) -> UInt8 {
    let low = UInt8(truncatingIfNeeded: bits & 127)
    return low | UInt8(truncatingIfNeeded: low.nonzeroBitCount & 1) &<< 7
  }

  @inline(__always)
  private static func short(_ bytes: Bytes) -> UInt16 { UInt16(bytes[0]) | UInt16(bytes[1]) &<< 8 }

  /// The four bits of that number.
  @inline(__always)
  private static func nibble(_ bytes: Bytes, _ index: Int) -> Float {
    Float(bytes[index / 2] &>> UInt8(truncatingIfNeeded: index % 2 &* 4) & 15)
  }

  static func iq2_xxs(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    for part in 0..<8 {
      let place = block + (2 &+ part &* 8)
      let bits = word(place + 4)
      let factor = scale * (0.5 + Float(bits &>> 28)) * 0.25
      for index in 0..<4 {
        let vector = Codebook.iq2_xxs.numbers + 8 &* Int(place[index])
        put(vector, 8, signs: signs(bits &>> UInt32(7 &* index)), factor, output + (part &* 32 &+ index &* 8))
      }
    }
  }

  static func iq2_xs(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    for index in 0..<32 {
      let bits = short(block + (2 &+ 2 &* index))
      let factor = scale * (0.5 + nibble(block + 66, index / 2)) * 0.25
      let vector = Codebook.iq2_xs.numbers + 8 &* Int(bits & 511)
      put(vector, 8, signs: signs(UInt32(bits &>> 9)), factor, output + index &* 8)
    }
  }

  static func iq2_s(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    for index in 0..<32 {
      let high = Int(block[66 &+ index / 4] &>> UInt8(truncatingIfNeeded: index % 4 &* 2) & 3)
      let factor = scale * (0.5 + nibble(block + 74, index / 2)) * 0.25
      let vector = Codebook.iq2_s.numbers + 8 &* (Int(block[2 &+ index]) | high &<< 8)
      put(vector, 8, signs: block[34 &+ index], factor, output + index &* 8)
    }
  }

  static func iq3_xxs(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    for part in 0..<8 {
      let bits = word(block + (66 &+ part &* 4))
      let factor = scale * (0.5 + Float(bits &>> 28)) * 0.5
      for index in 0..<8 {
        let vector = Codebook.iq3_xxs.numbers + 4 &* Int(block[2 &+ part &* 8 &+ index])
        let eight = signs(bits &>> UInt32(7 &* (index / 2)))
        let four = eight &>> UInt8(truncatingIfNeeded: index % 2 &* 4)
        put(vector, 4, signs: four, factor, output + (part &* 32 &+ index &* 4))
      }
    }
  }

  static func iq3_s(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    for index in 0..<64 {
      let high = Int(block[66 &+ index / 8] &>> UInt8(truncatingIfNeeded: index % 8) & 1)
      let factor = scale * (1 + 2 * nibble(block + 106, index / 8))
      let vector = Codebook.iq3_s.numbers + 4 &* (Int(block[2 &+ index]) | high &<< 8)
      let four = block[74 &+ index / 2] &>> UInt8(truncatingIfNeeded: index % 2 &* 4)
      put(vector, 4, signs: four, factor, output + index &* 4)
    }
  }

  // MARK: Vectors of -1, 0 and 1, all of which are shifted by an eighth up or down

  @inline(__always)
  private static func put(shifted number: Int, isDown: Bool, _ scale: Float, _ output: Numbers) {
    let vector = Codebook.iq1_s.numbers + 8 &* number
    for index in 0..<8 { output[index] = scale * (Float(vector[index]) + (isDown ? -0.125 : 0.125)) }
  }

  static func iq1_s(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    for index in 0..<32 {
      let bits = short(block + (34 &+ index / 4 &* 2))
      let factor = scale * Float(2 &* (bits &>> 12 & 7) &+ 1)
      let high = Int(bits &>> UInt16(truncatingIfNeeded: index % 4 &* 3) & 7)
      put(shifted: Int(block[2 &+ index]) | high &<< 8, isDown: bits &>> 15 == 1, factor, output + index &* 8)
    }
  }

  static func iq1_m(_ block: Bytes, _ output: Numbers) {
    // The scale of all has its four bits on top of the others'.
    let scales = block + 48
    let top = (0..<4).reduce(UInt16(0)) { $0 | (short(scales + 2 &* $1) & 0xF000) &>> UInt16(12 &- 4 &* $1) }
    let scale = Float(half: top)
    for index in 0..<32 {
      let part = index / 2
      let bits = short(scales + part / 4 &* 2) &>> UInt16(truncatingIfNeeded: part % 4 &* 3) & 7
      let high = block[32 &+ index / 2] &>> UInt8(truncatingIfNeeded: index % 2 &* 4)
      let number = Int(block[index]) | Int(high & 7) &<< 8
      put(shifted: number, isDown: high & 8 != 0, scale * Float(2 &* bits &+ 1), output + index &* 8)
    }
  }
}
