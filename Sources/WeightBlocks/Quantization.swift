import ZooCore

extension GGUFType {
  /// The types of blocks that numbers can be put into, the smallest first.
  package static let quantizable: [GGUFType] = [
    .q2_k, .q3_k, .iq4_xs, .q4_0, .q4_k, .iq4_nl, .q4_1, .q5_0, .q5_k, .q5_1, .q6_k, .q8_0,
  ]

  /// The type of smaller blocks that llama.cpp takes for rows that are no whole blocks of this type; `nil` for blocks of 32.
  package var fallback: GGUFType? {
    switch self {
    case .q2_k, .q3_k, .iq4_xs: .iq4_nl
    case .q4_k: .q5_0
    case .q5_k: .q5_1
    case .q6_k: .q8_0
    default: nil
    }
  }

  /// This type, or the fallback, for rows of `width` numbers; `nil` where neither has blocks for them.
  package func fitting(_ width: Int) -> GGUFType? {
    if width % blockCount == 0 { return self }
    return fallback.flatMap { width % $0.blockCount == 0 ? $0 : nil }
  }
}

/// Float32 to blocks.
///
/// Blocks of 32 with evenly spaced numbers are what ggml's reference makes of them, bit for bit (ggml-quants.c,
/// `quantize_row_*_ref`). For the others scales are searched (`ScaleSearch`). A block that holds an infinity, or something that is
/// no number, reads as NaN.
package enum BlockQuantization {
  /// Writes `count` blocks of a quantizable type.
  package static func write(
    _ type: GGUFType, _ numbers: UnsafePointer<Float>, count: Int, to output: UnsafeMutableRawPointer
  ) {
    let output = output.assumingMemoryBound(to: UInt8.self)
    switch type {
    case .q4_0: each(type, numbers, count, output) { symmetric($0, half: 8, to: $1) }
    case .q5_0: each(type, numbers, count, output) { symmetric($0, half: 16, to: $1) }
    case .q4_1: each(type, numbers, count, output) { affine($0, top: 15, to: $1) }
    case .q5_1: each(type, numbers, count, output) { affine($0, top: 31, to: $1) }
    case .q8_0: each(type, numbers, count, output, q8_0)
    case .q2_k: each(type, numbers, count, output, q2_k)
    case .q3_k: each(type, numbers, count, output, q3_k)
    case .q4_k: each(type, numbers, count, output) { q4_or_5_k($0, top: 15, to: $1) }
    case .q5_k: each(type, numbers, count, output) { q4_or_5_k($0, top: 31, to: $1) }
    case .q6_k: each(type, numbers, count, output, q6_k)
    case .iq4_nl: each(type, numbers, count, output, iq4_nl)
    case .iq4_xs: each(type, numbers, count, output, iq4_xs)
    default: break
    }
  }

  typealias Numbers = UnsafePointer<Float>
  typealias Block = UnsafeMutablePointer<UInt8>

  @inline(__always)
  private static func each(
    _ type: GGUFType, _ numbers: Numbers, _ count: Int, _ output: Block, _ block: (Numbers, Block) -> Void
  ) {
    let (bytes, width) = (type.blockBytes, type.blockCount)
    for index in 0..<count { block(numbers + index &* width, output + index &* bytes) }
  }

  @inline(__always)
  static func store(half bits: UInt16, _ block: Block) {
    block[0] = UInt8(truncatingIfNeeded: bits)
    block[1] = UInt8(truncatingIfNeeded: bits >> 8)
  }

  static func areFinite(_ numbers: Numbers, _ count: Int) -> Bool {
    for index in 0..<count where !numbers[index].isFinite { return false }
    return true
  }

  // MARK: Blocks of 32: the first half in low bits, the second in high bits

  /// Between -`half` times a scale and one less than `half` times it; the number of the largest magnitude is exact.
  private static func symmetric(_ numbers: Numbers, half: Float, to block: Block) {
    var extreme: Float = 0
    for index in 0..<32 where numbers[index].magnitude > extreme.magnitude { extreme = numbers[index] }
    let scale = extreme / -half
    let factor = scale == 0 ? 0 : 1 / scale
    store(half: areFinite(numbers, 32) ? scale.halfBits : 0x7E00, block)
    pack(top: 2 * half - 1, to: block + 2) { numbers[$0] * factor + (half + 0.5) }
  }

  private static func affine(_ numbers: Numbers, top: Float, to block: Block) {
    var (least, greatest) = (numbers[0], numbers[0])
    for index in 1..<32 {
      least = min(least, numbers[index])
      greatest = max(greatest, numbers[index])
    }
    let scale = (greatest - least) / top
    let factor = scale == 0 ? 0 : 1 / scale
    store(half: areFinite(numbers, 32) ? scale.halfBits : 0x7E00, block)
    store(half: least.halfBits, block + 2)
    pack(top: top, to: block + 4) { (numbers[$0] - least) * factor + 0.5 }
  }

  /// Integers from 0 to `top`, 15 or 31, what `number` gives without its fraction; fifth bits come before the rest.
  @inline(__always)
  private static func pack(top: Float, to block: Block, _ number: (Int) -> Float) {
    func integer(_ index: Int) -> UInt8 {
      let value = number(index)
      return value > 0 ? UInt8(min(value, top)) : 0
    }
    let hasFifth = top > 15
    let quants = hasFifth ? block + 4 : block
    var high: UInt32 = 0
    for index in 0..<16 {
      let (first, second) = (integer(index), integer(index + 16))
      quants[index] = first & 15 | second << 4
      high |= UInt32(first >> 4) << UInt32(index) | UInt32(second >> 4) << UInt32(index + 16)
    }
    guard hasFifth else { return }
    for index in 0..<4 { block[index] = UInt8(truncatingIfNeeded: high >> UInt32(8 * index)) }
  }

  private static func q8_0(_ numbers: Numbers, _ block: Block) {
    var largest: Float = 0
    for index in 0..<32 {
      let magnitude = numbers[index].magnitude
      // One that is no number makes the scale none.
      if !(magnitude <= largest), !largest.isNaN { largest = magnitude }
    }
    let scale = largest / 127
    let factor = scale == 0 ? 0 : 1 / scale
    store(half: scale.halfBits, block)
    for index in 0..<32 {
      let rounded = (numbers[index] * factor).rounded(.toNearestOrAwayFromZero)
      // What is not finite has no integer.
      block[2 + index] = UInt8(bitPattern: rounded.magnitude <= 127 ? Int8(rounded) : 0)
    }
  }
}
