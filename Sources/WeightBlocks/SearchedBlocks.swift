import ZooCore
import ZooNumbers

/// Blocks whose scales are searched.
extension BlockQuantization {
  typealias Lane = ScaleSearch.Lane

  /// The numbers of a block, aligned as lanes are; `nil` where one is not finite.
  @inline(__always)
  private static func withLanes(_ numbers: Numbers, _ count: Int, _ body: (UnsafePointer<Lane>?) -> Void) {
    guard areFinite(numbers, count) else { return body(nil) }
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: count / 8) { lanes in
      guard let base = lanes.baseAddress else { return }
      UnsafeMutableRawPointer(base).copyMemory(from: numbers, byteCount: count * MemoryLayout<Float>.size)
      body(UnsafePointer(base))
    }
  }

  /// A block of zeros whose scale, at `place`, is no number.
  private static func writeNaN(_ block: Block, _ type: GGUFType, scale place: Int) {
    for index in 0..<type.blockBytes { block[index] = 0 }
    store(half: 0x7E00, block + place)
  }

  /// `value` as float32 has it after it was stored in 16 bits.
  private static func stored(_ value: Float, _ block: Block) -> Float {
    let bits = value.halfBits
    store(half: bits, block)
    return Float(half: bits)
  }

  /// The low bits of a whole number between -2²² and 2²².
  @inline(__always)
  private static func byte(_ number: Float) -> UInt8 {
    UInt8(truncatingIfNeeded: (number + 0x1.8p23).bitPattern)
  }

  /// The integer nearest to `number` / `unit`, in a range; 0 where the unit is.
  private static func nearest(_ number: Float, _ unit: Float, _ least: Float, _ greatest: Float) -> Float {
    unit == 0 ? 0 : min(max((number / unit).rounded(.toNearestOrEven), least), greatest)
  }

  /// Calls `body` with each number's place in a part of `lanes` lanes, and the integer that is nearest to
  /// (number + `offset`) / `scale`.
  @inline(__always)
  private static func integers(
    _ part: UnsafePointer<Lane>, _ lanes: Int, scale: Float, offset: Float, _ least: Float, _ greatest: Float,
    _ body: (Int, Float) -> Void
  ) {
    let factor = scale == 0 ? 0 : 1 / scale
    for index in 0..<lanes {
      // What is far outside has no business with rounding.
      let quotient = ScaleSearch.clamped((part[index] + offset) * factor, least, greatest)
      let lane = ScaleSearch.rounded(quotient)
      for place in 0..<8 { body(8 &* index &+ place, scale == 0 ? max(least, 0) : lane[place]) }
    }
  }

  /// Scales and offsets of `count` parts as integers up to `top`, and what one stands for.
  private struct Factors {
    var scales: [Float] = []
    var offsets: [Float] = []

    init(_ numbers: UnsafePointer<Lane>, parts: Int, lanes: Int, top: Float) {
      for part in 0..<parts {
        let found = ScaleSearch.affine(numbers + part * lanes, lanes, top: top)
        scales.append(found.scale)
        offsets.append(found.offset)
      }
    }

    /// Rounds both; their units are stored at `place`.
    mutating func round(top: Float, units place: Block) -> (scale: Float, offset: Float) {
      let scale = BlockQuantization.stored((scales.max() ?? 0) / top, place)
      let offset = BlockQuantization.stored((offsets.max() ?? 0) / top, place + 2)
      for part in scales.indices {
        scales[part] = BlockQuantization.nearest(scales[part], scale, 0, top)
        offsets[part] = BlockQuantization.nearest(offsets[part], offset, 0, top)
      }
      return (scale, offset)
    }
  }

  // MARK: With offsets

  static func q2_k(_ numbers: Numbers, _ block: Block) {
    withLanes(numbers, 256) { lanes in
      guard let lanes else { return writeNaN(block, .q2_k, scale: 80) }
      var factors = Factors(lanes, parts: 16, lanes: 2, top: 3)
      let unit = factors.round(top: 15, units: block + 80)
      for index in 16..<80 { block[index] = 0 }
      for part in 0..<16 {
        block[part] = byte(factors.scales[part]) & 15 | byte(factors.offsets[part]) << 4
        let (row, shift) = (block + (16 &+ part / 8 &* 32 &+ part % 2 &* 16), UInt8(part % 8 / 2 * 2))
        integers(
          lanes + 2 * part, 2, scale: unit.scale * factors.scales[part], offset: unit.offset * factors.offsets[part],
          0, 3
        ) { index, q in row[index] |= byte(q) &<< shift }
      }
    }
  }

  /// Q4_K, or Q5_K with fifth bits (`top` 31).
  static func q4_or_5_k(_ numbers: Numbers, top: Float, to block: Block) {
    let type: GGUFType = top > 15 ? .q5_k : .q4_k
    withLanes(numbers, 256) { lanes in
      guard let lanes else { return writeNaN(block, type, scale: 0) }
      var factors = Factors(lanes, parts: 8, lanes: 4, top: top)
      let unit = factors.round(top: 63, units: block)
      for index in 4..<type.blockBytes { block[index] = 0 }
      let (packed, high, low) = (block + 4, block + 16, block + (top > 15 ? 48 : 16))
      for part in 0..<8 {
        let (scale, offset) = (byte(factors.scales[part]), byte(factors.offsets[part]))
        if part < 4 {
          packed[part] |= scale
          packed[part + 4] |= offset
        } else {
          packed[part + 4] |= scale & 15 | offset << 4
          packed[part - 4] |= (scale >> 4) << 6
          packed[part] |= (offset >> 4) << 6
        }
        let (row, shift) = (low + part / 2 &* 32, UInt8(part % 2 * 4))
        integers(
          lanes + 4 * part, 4, scale: unit.scale * factors.scales[part], offset: unit.offset * factors.offsets[part],
          0, top
        ) { index, q in
          row[index] |= (byte(q) & 15) &<< shift
          if top > 15 { high[index] |= (byte(q) &>> 4) &<< UInt8(truncatingIfNeeded: part) }
        }
      }
    }
  }

  // MARK: Around zero

  /// Scales of parts as integers from -`half` to `half` - 1, and what one stands for, which is stored.
  private static func roundedScales(
    _ lanes: UnsafePointer<Lane>, parts: Int, half: Float, unit place: Block, _ search: (Int) -> Float
  ) -> (unit: Float, scales: [Float]) {
    let found = (0..<parts).map(search)
    let extreme = found.max { $0.magnitude < $1.magnitude } ?? 0
    let unit = stored(extreme / -half, place)
    return (unit, found.map { nearest($0, unit, -half, half - 1) })
  }

  static func q3_k(_ numbers: Numbers, _ block: Block) {
    withLanes(numbers, 256) { lanes in
      guard let lanes else { return writeNaN(block, .q3_k, scale: 108) }
      for index in 0..<108 { block[index] = 0 }
      let (unit, scales) = roundedScales(lanes, parts: 16, half: 32, unit: block + 108) { part in
        ScaleSearch.symmetric(lanes + 2 * part, 2, ends: (-4, 3), steps: -9...9, step: 0.1) {
          ScaleSearch.clamped(ScaleSearch.rounded($0), -4, 3)
        }
      }
      let packed = block + 96
      for part in 0..<16 {
        let scale = byte(scales[part] + 32)
        packed[part % 8] |= (scale & 15) << (part < 8 ? 0 : 4)
        packed[8 + part % 4] |= (scale >> 4) << UInt8(part / 4 * 2)
        let (row, shift) = (block + (32 &+ part / 8 &* 32 &+ part % 2 &* 16), UInt8(part % 8 / 2 * 2))
        let (mask, bit) = (block + part % 2 &* 16, UInt8(part / 2))
        integers(lanes + 2 * part, 2, scale: unit * scales[part], offset: 0, -4, 3) { index, q in
          let bits = byte(q + 4)
          row[index] |= (bits & 3) &<< shift
          mask[index] |= (bits &>> 2) &<< bit
        }
      }
    }
  }

  static func q6_k(_ numbers: Numbers, _ block: Block) {
    withLanes(numbers, 256) { lanes in
      guard let lanes else { return writeNaN(block, .q6_k, scale: 208) }
      for index in 0..<208 { block[index] = 0 }
      let (unit, scales) = roundedScales(lanes, parts: 16, half: 128, unit: block + 208) { part in
        ScaleSearch.symmetric(lanes + 2 * part, 2, ends: (-32, 31), steps: -9...9, step: 0.1) {
          ScaleSearch.clamped(ScaleSearch.rounded($0), -32, 31)
        }
      }
      for part in 0..<16 {
        block[192 + part] = byte(scales[part])
        let (group, row, place) = (part / 8, part % 8 / 2, part % 2 &* 16)
        let low = block + (group &* 64 &+ row % 2 &* 32 &+ place)
        let high = block + (128 &+ group &* 32 &+ place)
        let (lowShift, highShift) = (UInt8(row / 2 * 4), UInt8(row * 2))
        integers(lanes + 2 * part, 2, scale: unit * scales[part], offset: 0, -32, 31) { index, q in
          let bits = byte(q + 32)
          low[index] |= (bits & 15) &<< lowShift
          high[index] |= (bits &>> 4) &<< highShift
        }
      }
    }
  }

  // MARK: Sixteen levels that are not even

  private static func level(_ lane: Lane) -> Lane {
    var level = Lane(repeating: Dequantization.numbersOfIQ4[0])
    for bound in boundsOfIQ4 { level += Lane.zero.replacing(with: bound.step, where: lane .> bound.middle) }
    return level
  }

  /// Between one level and the next: the middle, and how far they are apart.
  private static let boundsOfIQ4 = zip(Dequantization.numbersOfIQ4, Dequantization.numbersOfIQ4.dropFirst())
    .map { (middle: ($0 + $1) / 2, step: $1 - $0) }

  private static func searchIQ4(_ part: UnsafePointer<Lane>) -> Float {
    ScaleSearch.symmetric(part, 4, ends: (-127, 113), steps: -7...7, step: 1, level)
  }

  /// Numbers of levels: the low bits of 16 bytes, then the high bits.
  private static func chooseIQ4(_ part: UnsafePointer<Lane>, scale: Float, to bytes: Block) {
    let factor = scale == 0 ? 0 : 1 / scale
    for index in 0..<16 { bytes[index] = 0 }
    for index in 0..<4 {
      let lane = part[index] * factor
      var number = Lane.zero
      for bound in boundsOfIQ4 { number += Lane.zero.replacing(with: 1, where: lane .> bound.middle) }
      for place in 0..<8 { bytes[(8 * index + place) % 16] |= byte(number[place]) << (index < 2 ? 0 : 4) }
    }
  }

  static func iq4_nl(_ numbers: Numbers, _ block: Block) {
    withLanes(numbers, 32) { lanes in
      guard let lanes else { return writeNaN(block, .iq4_nl, scale: 0) }
      chooseIQ4(lanes, scale: stored(searchIQ4(lanes), block), to: block + 2)
    }
  }

  static func iq4_xs(_ numbers: Numbers, _ block: Block) {
    withLanes(numbers, 256) { lanes in
      guard let lanes else { return writeNaN(block, .iq4_xs, scale: 0) }
      for index in 2..<8 { block[index] = 0 }
      let (unit, scales) = roundedScales(lanes, parts: 8, half: 32, unit: block) { searchIQ4(lanes + 4 * $0) }
      for part in 0..<8 {
        let bits = byte(scales[part] + 32)
        block[4 + part / 2] |= (bits & 15) << UInt8(part % 2 * 4)
        block[2 + part / 4] |= (bits >> 4) << UInt8(part % 4 * 2)
        chooseIQ4(lanes + 4 * part, scale: unit * scales[part], to: block + (8 + part * 16))
      }
    }
  }
}
