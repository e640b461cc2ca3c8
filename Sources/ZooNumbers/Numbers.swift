import ZooCore

/// Elements of any type as double-precision numbers. NaNs keep the first bits of their payload; whole numbers of more
/// than 53 bits are rounded.
package enum Numbers {
  /// Writes the numbers that `bytes`, whole elements of `type`, stand for.
  ///
  /// - Parameter firstBit: Where in the first byte the first element begins; 0 for elements of whole bytes.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, _ type: ElementType, firstBit: Int = 0,
    to output: UnsafeMutableBufferPointer<Double>
  ) {
    func each<Element>(_: Element.Type, _ number: (Element) -> Double) {
      let elements = bytes.bindMemory(to: Element.self)
      for index in output.indices { output[index] = number(elements[index]) }
    }
    switch type {
    case .float64, .complex128: each(Double.self) { $0 }
    case .float32, .complex64: each(Float.self) { Double($0) }
    case .bfloat16: each(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .float16: each(UInt16.self) { Double(Float(half: $0)) }
    case .int64: each(Int64.self) { Double($0) }
    case .int32: each(Int32.self) { Double($0) }
    case .int16: each(Int16.self) { Double($0) }
    case .int8: each(Int8.self) { Double($0) }
    case .uint64: each(UInt64.self) { Double($0) }
    case .uint32: each(UInt32.self) { Double($0) }
    case .uint16: each(UInt16.self) { Double($0) }
    case .uint8: each(UInt8.self) { Double($0) }
    case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
      let table = table(of: type)
      each(UInt8.self) { table[Int($0)] }
    case .uint4, .int4, .uint2, .int2, .float4e2m1, .float6e2m3, .float6e3m2:
      let (table, width) = (table(of: type), type.bitWidth)
      for index in output.indices {
        let bit = firstBit + index * width
        var code = Int(bytes[bit / 8]) >> (bit % 8)
        if bit % 8 + width > 8 { code |= Int(bytes[bit / 8 + 1]) << (8 - bit % 8) }
        output[index] = table[code & (1 << width - 1)]
      }
    case .string: break
    }
  }

  /// The numbers that the codes of a type of at most 8 bits stand for.
  package static func table(of type: ElementType) -> [Double] { tables[type] ?? [] }

  private static let tables = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.filter { (1...8).contains($0.bitWidth) }.map { ($0, makeTable(of: $0)) })

  private static func makeTable(of type: ElementType) -> [Double] {
    let count = 1 << type.bitWidth
    func floats(_ exponentBits: Int, _ fractionBits: Int, bias: Int) -> [Double] {
      (0..<count).map { code in
        let fraction = Double(code & (1 << fractionBits - 1)) / Double(1 << fractionBits)
        let exponent = code >> fractionBits & (1 << exponentBits - 1)
        let magnitude =
          exponent == 0
          ? Double(sign: .plus, exponent: 1 - bias, significand: fraction)
          : Double(sign: .plus, exponent: exponent - bias, significand: 1 + fraction)
        return code >> (exponentBits + fractionBits) & 1 == 0 ? magnitude : -magnitude
      }
    }
    func replacing(_ numbers: [Double], _ special: [(Int, Double)]) -> [Double] {
      var numbers = numbers
      for (code, number) in special { numbers[code] = number }
      return numbers
    }
    switch type {
    case .float8e4m3fn: return replacing(floats(4, 3, bias: 7), [(0x7F, .nan), (0xFF, -.nan)])
    case .float8e4m3fnuz: return replacing(floats(4, 3, bias: 8), [(0x80, .nan)])
    case .float8e5m2:
      let nans = [0x7D, 0x7E, 0x7F].flatMap { [($0, Double.nan), ($0 + 0x80, -Double.nan)] }
      return replacing(floats(5, 2, bias: 15), [(0x7C, .infinity), (0xFC, -.infinity)] + nans)
    case .float8e5m2fnuz: return replacing(floats(5, 2, bias: 16), [(0x80, .nan)])
    case .float8e8m0:
      return (0..<count).map { $0 == 255 ? .nan : Double(sign: .plus, exponent: $0 - 127, significand: 1) }
    case .float4e2m1: return floats(2, 1, bias: 1)
    case .float6e2m3: return floats(2, 3, bias: 1)
    case .float6e3m2: return floats(3, 2, bias: 3)
    case .int4, .int2: return (0..<count).map { Double($0 < count / 2 ? $0 : $0 - count) }
    default: return (0..<count).map { Double($0) }
    }
  }
}
