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
