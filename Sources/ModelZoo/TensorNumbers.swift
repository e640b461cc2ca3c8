extension Tensor {
  /// The elements of any real type as double-precision numbers; booleans are 0 and 1.
  ///
  /// - Throws: `ZooError` (`unsupported`) for strings, complex numbers and types below 16 bits of other than whole
  ///   numbers.
  public func numbers() throws -> [Double] {
    switch type {
    case .float32: try elements(Float.self).map { Double($0) }
    case .float64: try elements(Double.self)
    case .float16: words().map(Self.half)
    case .bfloat16: words().map { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .int8: try elements(Int8.self).map { Double($0) }
    case .int16: try elements(Int16.self).map { Double($0) }
    case .int32: try elements(Int32.self).map { Double($0) }
    case .int64: try elements(Int64.self).map { Double($0) }
    case .uint8: try elements(UInt8.self).map { Double($0) }
    case .uint16: try elements(UInt16.self).map { Double($0) }
    case .uint32: try elements(UInt32.self).map { Double($0) }
    case .uint64: try elements(UInt64.self).map { Double($0) }
    case .bool: withUnsafeBytes { $0.map { $0 == 0 ? 0 : 1 } }
    default: throw ZooError(.unsupported, "the tensor holds \(type.name), not plain numbers")
    }
  }

  private func words() -> [UInt16] { withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) } }

  /// IEEE 754's binary16.
  private static func half(_ bits: UInt16) -> Double {
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Double(bits & 0x3ff) / 1024
    let sign: Double = bits >> 15 == 0 ? 1 : -1
    switch exponent {
    case 0: return sign * Double(sign: .plus, exponent: -14, significand: fraction)
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
  }
}
