import ZooCore

/// Blocks whose bits choose among numbers of a table: four bits among sixteen, or a ternary digit.
extension Dequantization {
  static let numbersOfIQ4: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]
  /// Of the OCP's E2M1, doubled.
  private static let numbersOfFP4: [Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

  /// Numbers of the low bits of `count` bytes, then of the high bits.
  @inline(__always)
  private static func choose(_ table: [Float], _ bytes: Bytes, _ count: Int, _ scale: Float, _ output: Numbers) {
    table.withUnsafeBufferPointer { table in
      for index in 0..<count {
        output[index] = scale * table[Int(bytes[index] & 15)]
        output[count &+ index] = scale * table[Int(bytes[index] &>> 4)]
      }
    }
  }

  static func iq4_nl(_ block: Bytes, _ output: Numbers) {
    choose(numbersOfIQ4, block + 2, 16, half(block), output)
  }

  static func iq4_xs(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    let high = UInt16(block[2]) | UInt16(block[3]) << 8
    for part in 0..<8 {
      // Six bits of a part's scale: four in one place, two in another.
      let low = block[4 &+ part / 2] &>> UInt8(truncatingIfNeeded: part % 2 &* 4) & 15
      let bits = Int32(low) | Int32(high &>> UInt16(truncatingIfNeeded: 2 &* part) & 3) &<< 4
      choose(numbersOfIQ4, block + (8 &+ part &* 16), 16, scale * Float(bits &- 32), output + part &* 32)
    }
  }

  static func mxfp4(_ block: Bytes, _ output: Numbers) {
    // Half of the power of two that the exponent says; the least ones are subnormal.
    let exponent = UInt32(block[0])
    let scale = Float(bitPattern: exponent < 2 ? 0x0020_0000 &<< exponent : (exponent &- 1) &<< 23)
    choose(numbersOfFP4, block + 1, 16, scale, output)
  }

  static func nvfp4(_ block: Bytes, _ output: Numbers) {
    for part in 0..<4 {
      // E4M3 without a sign, halved.
      let bits = block[part]
      let (exponent, mantissa) = (UInt32(bits &>> 3 & 15), Float(bits & 7))
      let power = Float(bitPattern: (exponent &+ 120) &<< 23)
      let scale = bits == 0x7F ? 0 : exponent == 0 ? mantissa * 0x1p-9 : (1 + mantissa / 8) * power
      choose(numbersOfFP4, block + (4 &+ part &* 8), 8, scale * 0.5, output + part &* 16)
    }
  }

  // MARK: Ternary digits

  /// Five digits a byte (four in the last bytes), the highest first: a byte is a fraction of 256, and each
  /// multiplication by three brings a digit out on top.
  static func tq1_0(_ block: Bytes, _ output: Numbers) {
    let scale = half(block + 52)
    var output = output
    for (place, count, digits) in [(0, 32, 5), (32, 16, 5), (48, 4, 4)] {
      var power: UInt8 = 1
      for _ in 0..<digits {
        for index in 0..<count {
          let digit = (UInt16(block[place &+ index] &* power) &* 3) &>> 8
          output[index] = scale * Float(Int32(digit) &- 1)
        }
        output += count
        power &*= 3
      }
    }
  }

  static func tq2_0(_ block: Bytes, _ output: Numbers) {
    let scale = half(block + 64)
    for part in 0..<8 {
      let (row, shift) = (block + part / 4 &* 32, UInt8(truncatingIfNeeded: part % 4 &* 2))
      for index in 0..<32 { output[part &* 32 &+ index] = scale * Float(Int32(row[index] &>> shift & 3) &- 1) }
    }
  }
}
