extension Tensor {
  /// The elements of any real type as double-precision numbers; booleans are 0 and 1.
  ///
  /// - Throws: `ZooError` (`unsupported`) for strings, complex numbers and types below 16 bits of other than whole
  ///   numbers.
  public func numbers() throws(ZooError) -> [Double] {
    do {
      var numbers: [Double] = []
      numbers.reserveCapacity(count)
      try forEachNumber { numbers.append($0) }
      return numbers
    } catch { throw ZooError(error) }
  }

  /// Calls `body` with what `numbers()` gives, one after the other, without memory for them all.
  ///
  /// - Throws: as `numbers()`.
  public func forEachNumber(_ body: (Double) -> Void) throws(ZooError) {
    do {
      func each<Element: BitwiseCopyable>(_: Element.Type, _ number: (Element) -> Double) {
        withUnsafeBytes { for element in $0.bindMemory(to: Element.self) { body(number(element)) } }
      }
      switch type {
      case .float32: each(Float.self) { Double($0) }
      case .float64: each(Double.self) { $0 }
      case .float16: each(UInt16.self, Self.half)
      case .bfloat16: each(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
      case .int8: each(Int8.self) { Double($0) }
      case .int16: each(Int16.self) { Double($0) }
      case .int32: each(Int32.self) { Double($0) }
      case .int64: each(Int64.self) { Double($0) }
      case .uint8: each(UInt8.self) { Double($0) }
      case .uint16: each(UInt16.self) { Double($0) }
      case .uint32: each(UInt32.self) { Double($0) }
      case .uint64: each(UInt64.self) { Double($0) }
      case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
      default: throw ZooError(.unsupported, "the tensor holds \(type.name), not plain numbers")
      }
    } catch { throw ZooError(error) }
  }

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
