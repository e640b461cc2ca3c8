import WeightBlocks
import ZooCore
import ZooNumbers

/// Numbers to blocks of Q8_0: 32 integers and one scale, a 16-bit float (ggml-quants.c, `quantize_row_q8_0_ref`).
enum Quantization8 {
  private static let count = 32

  /// Quantizes float32 numbers, whole blocks of them.
  static func quantize(_ numbers: UnsafeRawBufferPointer, to blocks: UnsafeMutableRawBufferPointer) {
    guard let input = numbers.baseAddress, var block = blocks.baseAddress else { return }
    for start in stride(from: 0, to: numbers.count, by: count * MemoryLayout<Float>.size) {
      quantize(input + start, to: block)
      block += GGUFType.q8_0.blockBytes
    }
  }

  @inline(__always)
  private static func quantize(_ numbers: UnsafeRawPointer, to block: UnsafeMutableRawPointer) {
    var largest: Float = 0
    for index in 0..<count {
      let magnitude = numbers.loadUnaligned(fromByteOffset: 4 * index, as: Float.self).magnitude
      // One that is no number makes the scale none.
      if !(magnitude <= largest), !largest.isNaN { largest = magnitude }
    }
    let scale = largest / 127
    let factor = scale == 0 ? 0 : 1 / scale
    block.storeBytes(of: scale.halfBits.littleEndian, as: UInt16.self)
    for index in 0..<count {
      let quotient = numbers.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) * factor
      let rounded = quotient.rounded(.toNearestOrAwayFromZero)
      // What is not finite has no integer.
      let integer = rounded.magnitude <= 127 ? Int8(rounded) : 0
      block.storeBytes(of: integer, toByteOffset: 2 + index, as: Int8.self)
    }
  }
}
