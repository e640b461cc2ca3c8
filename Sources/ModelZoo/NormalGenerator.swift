import ZooNumbers

/// Standard normal numbers, the same for the same seed everywhere: SplitMix64 (Steele, Lea, Flood 2014) through the
/// Box–Muller transform.
package struct NormalGenerator: Sendable {
  private var state: UInt64
  private var spare: Double?

  package init(seed: UInt64) { state = seed }

  /// The next number.
  package mutating func next() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// The next of 64 random bits.
  package mutating func bits() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in [0, 1).
  mutating func uniform() -> Double { Double(bits() >> 11) / Double(1 << 53 as UInt64) }

  /// A tensor of `shape`: standard normal for floating-point types, 0 or 1 for integers and booleans.
  ///
  /// - Throws: `ZooError` (`unsupported`) for other types.
  package mutating func tensor(_ type: ElementType, _ shape: [Int]) throws -> Tensor {
    let count = try Tensor.elementCount(of: shape)
    func fill<Element: TensorElement>(_ next: (inout Self) -> Element) throws -> Tensor {
      try Tensor(type: type, shape: shape) { bytes in
        let elements = bytes.bindMemory(to: Element.self)
        for index in 0..<count { elements[index] = next(&self) }
      }
    }
    switch type {
    case .float32: return try fill { Float($0.next()) }
    case .float64: return try fill { $0.next() }
    // Truncated, which is what makes a bfloat16 of a float32.
    case .bfloat16: return try fill { UInt16(Float($0.next()).bitPattern >> 16) }
    case .float16: return try fill { Float($0.next()).halfBits }
    case .int8, .uint8, .bool: return try fill { UInt8($0.bits() >> 63) }
    case .int16, .uint16: return try fill { UInt16($0.bits() >> 63) }
    case .int32, .uint32: return try fill { UInt32($0.bits() >> 63) }
    case .int64, .uint64: return try fill { $0.bits() >> 63 }
    default: throw ZooError(.unsupported, "no random tensors of type \(type.name) can be made", advice: "give a file")
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
