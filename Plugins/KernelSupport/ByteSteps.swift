import CVectorKernels
import ZooPlugin

extension zs_steps {
  /// What bytes of a node's operands stand for by one scale and one zero point (inputs of the node); `nil` where these are
  /// not known, more than one, or no numbers that can be divided by.
  package init?(_ node: Node, scale: Int, zero: Int) {
    guard let scale = node.optionalInput(scale), let zero = node.optionalInput(zero), scale.type == .float32,
      scale.count == 1, zero.count == 1, zero.type == .int8 || zero.type == .uint8, let number = scale.data,
      let point = zero.data
    else { return nil }
    let size = number.assumingMemoryBound(to: Float.self).pointee
    guard size > 1e-30, size < 1e30 else { return nil }
    if zero.type == .int8 {
      self.init(scale: size, zero: Float(point.assumingMemoryBound(to: Int8.self).pointee), low: -128, high: 127)
    } else {
      self.init(scale: size, zero: Float(point.assumingMemoryBound(to: UInt8.self).pointee), low: 0, high: 255)
    }
  }
}

/// A step of an epilogue between numbers and bytes, by one scale and zero point that are known.
package enum ByteStep: Sendable {
  /// Numbers are rounded to what bytes can hold (QuantizeDequantize).
  case rounded(zs_steps)
  /// What the bytes of an input stand for is added (DequantizeAdd), or numbers are multiplied by it (DequantizeMul).
  case combined(zs_binary, input: Int, zs_steps)
  /// Numbers become bytes (QuantizeLinear).
  case quantized(zs_steps)

  /// - Parameter shape: of the numbers.
  package init?(_ step: Step, in node: Node, shape: [Int]) {
    let operands = step.operands
    guard operands.count >= 3, operands[0] == nil, let scale = operands[operands.count - 2],
      let zero = operands[operands.count - 1], let numbers = zs_steps(node, scale: scale, zero: zero)
    else { return nil }
    switch (step.operatorType, operands.count) {
    case ("QuantizeDequantize", 3): self = .rounded(numbers)
    case ("QuantizeLinear", 3): self = .quantized(numbers)
    case ("DequantizeAdd", 4), ("DequantizeMul", 4):
      guard let input = operands[1], let bytes = node.optionalInput(input), bytes.shape == shape,
        bytes.type == node.optionalInput(zero)?.type
      else { return nil }
      self = .combined(step.operatorType == "DequantizeAdd" ? ZS_ADD : ZS_MUL, input: input, numbers)
    default: return nil
    }
  }
}
