import ZooCore
import ZooNumbers

/// Blocks to float32, operation by operation as ggml has them (ggml-quants.c, `dequantize_row_*`), so that results are
/// equal bit for bit.
package enum Dequantization {
  /// Reads `count` blocks of a readable type.
  package static func read(
    _ type: GGUFType, _ input: UnsafeRawPointer, count: Int, to output: UnsafeMutablePointer<Float>
  ) {
    let input = input.assumingMemoryBound(to: UInt8.self)
    switch type {
    case .q4_0: each(type, input, count, output, q4_0)
    case .q4_1: each(type, input, count, output, q4_1)
    case .q5_0: each(type, input, count, output, q5_0)
    case .q5_1: each(type, input, count, output, q5_1)
    case .q8_0: each(type, input, count, output, q8_0)
    case .q2_k: each(type, input, count, output, q2_k)
    case .q3_k: each(type, input, count, output, q3_k)
    case .q4_k: each(type, input, count, output, q4_k)
    case .q5_k: each(type, input, count, output, q5_k)
    case .q6_k: each(type, input, count, output, q6_k)
    case .iq4_nl: each(type, input, count, output, iq4_nl)
    case .iq4_xs: each(type, input, count, output, iq4_xs)
    case .mxfp4: each(type, input, count, output, mxfp4)
    case .nvfp4: each(type, input, count, output, nvfp4)
    case .tq1_0: each(type, input, count, output, tq1_0)
    case .tq2_0: each(type, input, count, output, tq2_0)
    case .iq2_xxs: each(type, input, count, output, iq2_xxs)
    case .iq2_xs: each(type, input, count, output, iq2_xs)
    case .iq2_s: each(type, input, count, output, iq2_s)
    case .iq3_xxs: each(type, input, count, output, iq3_xxs)
    case .iq3_s: each(type, input, count, output, iq3_s)
    case .iq1_s: each(type, input, count, output, iq1_s)
    case .iq1_m: each(type, input, count, output, iq1_m)
    default: break
    }
  }

  typealias Bytes = UnsafePointer<UInt8>
  typealias Numbers = UnsafeMutablePointer<Float>

  @inline(__always)
  private static func each(
    _ type: GGUFType, _ input: Bytes, _ count: Int, _ output: Numbers, _ block: (Bytes, Numbers) -> Void
  ) {
    let (bytes, width) = (type.blockBytes, type.blockCount)
    for index in 0..<count { block(input + index &* bytes, output + index &* width) }
  }

  @inline(__always)
  static func half(_ bytes: Bytes) -> Float { Float(half: UInt16(bytes[0]) | UInt16(bytes[1]) << 8) }

  @inline(__always)
  static func word(_ bytes: Bytes) -> UInt32 {
    UInt32(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
  }

  @inline(__always)
  private static func number(_ value: UInt8) -> Float { Float(Int32(value)) }

  // MARK: Blocks of 32: the first half in low bits, the second in high bits

  @inline(__always)
  private static func q4_0(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    let quants = block + 2
    for index in 0..<16 { output[index] = scale * Float(Int32(quants[index] & 15) &- 8) }
    for index in 0..<16 { output[16 &+ index] = scale * Float(Int32(quants[index] &>> 4) &- 8) }
  }

  @inline(__always)
  private static func q4_1(_ block: Bytes, _ output: Numbers) {
    let (scale, least) = (half(block), half(block + 2))
    let quants = block + 4
    for index in 0..<16 { output[index] = scale * number(quants[index] & 15) + least }
    for index in 0..<16 { output[16 &+ index] = scale * number(quants[index] &>> 4) + least }
  }

  @inline(__always)
  private static func q5_0(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    let high = word(block + 2)
    let quants = block + 6
    for index in 0..<16 {
      let fifth = Int32(truncatingIfNeeded: high &>> UInt32(truncatingIfNeeded: index) & 1)
      output[index] = scale * Float((Int32(quants[index] & 15) | fifth &<< 4) &- 16)
    }
    for index in 0..<16 {
      let fifth = Int32(truncatingIfNeeded: high &>> UInt32(truncatingIfNeeded: index &+ 16) & 1)
      output[16 &+ index] = scale * Float((Int32(quants[index] &>> 4) | fifth &<< 4) &- 16)
    }
  }

  @inline(__always)
  private static func q5_1(_ block: Bytes, _ output: Numbers) {
    let (scale, least) = (half(block), half(block + 2))
    let high = word(block + 4)
    let quants = block + 8
    for index in 0..<16 {
      let fifth = Int32(truncatingIfNeeded: high &>> UInt32(truncatingIfNeeded: index) & 1)
      output[index] = scale * Float(Int32(quants[index] & 15) | fifth &<< 4) + least
    }
    for index in 0..<16 {
      let fifth = Int32(truncatingIfNeeded: high &>> UInt32(truncatingIfNeeded: index &+ 16) & 1)
      output[16 &+ index] = scale * Float(Int32(quants[index] &>> 4) | fifth &<< 4) + least
    }
  }

  @inline(__always)
  private static func q8_0(_ block: Bytes, _ output: Numbers) {
    let scale = half(block)
    let quants = block + 2
    for index in 0..<32 { output[index] = Float(Int32(Int8(bitPattern: quants[index]))) * scale }
  }

  // MARK: Blocks of 256, whose parts have scales of their own

  @inline(__always)
  private static func q2_k(_ block: Bytes, _ output: Numbers) {
    let quants = block + 16
    let (scale, least) = (half(block + 80), half(block + 82))
    for part in 0..<16 {
      // Two parts of 16 in a row of 32; four rows in the bits of the same 32 bytes.
      let (row, shift) = (quants + (part / 8 &* 32 &+ part % 2 &* 16), UInt8(truncatingIfNeeded: part % 8 / 2 &* 2))
      let (factor, offset) = (scale * number(block[part] & 15), least * number(block[part] &>> 4))
      let target = output + part &* 16
      for index in 0..<16 { target[index] = factor * number(row[index] &>> shift & 3) - offset }
    }
  }

  @inline(__always)
  private static func q3_k(_ block: Bytes, _ output: Numbers) {
    let (quants, scales) = (block + 32, block + 96)
    let scale = half(block + 108)
    for part in 0..<16 {
      // Four bits of a part's scale, and two more behind all of those.
      let low = part < 8 ? scales[part] & 15 : scales[part &- 8] &>> 4
      let high = scales[8 &+ part % 4] &>> UInt8(truncatingIfNeeded: part / 4 &* 2) & 3
      let factor = scale * Float(Int32(low | high &<< 4) &- 32)
      let (row, shift) = (quants + (part / 8 &* 32 &+ part % 2 &* 16), UInt8(truncatingIfNeeded: part % 8 / 2 &* 2))
      let (mask, bit) = (block + part % 2 &* 16, UInt8(truncatingIfNeeded: part / 2))
      let target = output + part &* 16
      for index in 0..<16 {
        let third = Int32((mask[index] &>> bit & 1) ^ 1) &<< 2
        target[index] = factor * Float(Int32(row[index] &>> shift & 3) &- third)
      }
    }
  }

  /// The scale and the offset of a part of Q4_K and Q5_K: 6 bits each, of 12 bytes.
  @inline(__always)
  private static func scales(_ bytes: Bytes, _ part: Int) -> (scale: UInt8, offset: UInt8) {
    part < 4
      ? (bytes[part] & 63, bytes[part &+ 4] & 63)
      : (
        bytes[part &+ 4] & 15 | bytes[part &- 4] &>> 2 & 0x30, bytes[part &+ 4] &>> 4 | bytes[part] &>> 2 & 0x30
      )
  }

  @inline(__always)
  private static func q4_k(_ block: Bytes, _ output: Numbers) {
    let (scale, least) = (half(block), half(block + 2))
    for part in 0..<8 {
      let packed = scales(block + 4, part)
      let (factor, offset) = (scale * number(packed.scale), least * number(packed.offset))
      let (row, shift) = (block + (16 &+ part / 2 &* 32), UInt8(truncatingIfNeeded: part % 2 &* 4))
      let target = output + part &* 32
      for index in 0..<32 { target[index] = factor * number(row[index] &>> shift & 15) - offset }
    }
  }

  @inline(__always)
  private static func q5_k(_ block: Bytes, _ output: Numbers) {
    let (scale, least) = (half(block), half(block + 2))
    let high = block + 16
    for part in 0..<8 {
      let packed = scales(block + 4, part)
      let (factor, offset) = (scale * number(packed.scale), least * number(packed.offset))
      let (row, shift) = (block + (48 &+ part / 2 &* 32), UInt8(truncatingIfNeeded: part % 2 &* 4))
      let bit = UInt8(truncatingIfNeeded: part)
      let target = output + part &* 32
      for index in 0..<32 {
        target[index] = factor * number(row[index] &>> shift & 15 | (high[index] &>> bit & 1) &<< 4) - offset
      }
    }
  }

  @inline(__always)
  private static func q6_k(_ block: Bytes, _ output: Numbers) {
    let scale = half(block + 208)
    for part in 0..<16 {
      // Parts of 16 in rows of 32: of a half's four rows, two share their low bits' bytes, and all four the high bits'.
      let (group, row, place) = (part / 8, part % 8 / 2, part % 2 &* 16)
      let low = block + (group &* 64 &+ row % 2 &* 32 &+ place)
      let high = block + (128 &+ group &* 32 &+ place)
      let (lowShift, highShift) = (UInt8(truncatingIfNeeded: row / 2 &* 4), UInt8(truncatingIfNeeded: row &* 2))
      let factor = scale * Float(Int32(Int8(bitPattern: block[192 &+ part])))
      let target = output + part &* 16
      for index in 0..<16 {
        let bits = low[index] &>> lowShift & 15 | (high[index] &>> highShift & 3) &<< 4
        target[index] = factor * Float(Int32(bits) &- 32)
      }
    }
  }
}
