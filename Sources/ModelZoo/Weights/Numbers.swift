import Files

extension ElementType {
  /// Whether the elements stand for numbers that can be compared and added up; complex ones count as two.
  var isNumeric: Bool { self != .string }

  var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// Numbers that an element stands for.
  var numbersPerElement: Int { isComplex ? 2 : 1 }

  /// Whether the elements are floating-point numbers, packed ones and complex ones aside.
  var isFloating: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0:
      true
    default: false
    }
  }
}

/// Elements of any type as double-precision numbers. NaNs keep the first bits of their payload; whole numbers of more
/// than 53 bits are rounded.
enum Numbers {
  /// Writes the numbers that `bytes`, whole elements of `type`, stand for.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, _ type: ElementType, to output: UnsafeMutableBufferPointer<Double>
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
        let bit = index * width
        var code = Int(bytes[bit / 8]) >> (bit % 8)
        if bit % 8 + width > 8 { code |= Int(bytes[bit / 8 + 1]) << (8 - bit % 8) }
        output[index] = table[code & (1 << width - 1)]
      }
    case .string: break
    }
  }

  /// How far apart elements of one type of 64-bit integers are, which doubles may not tell apart; `nil` for other types.
  static func distance(
    _ type: ElementType, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ index: Int
  ) -> Double? {
    func distance<Integer: FixedWidthInteger>(_: Integer.Type) -> Double {
      let a = first.loadUnaligned(fromByteOffset: index * 8, as: Integer.self)
      let b = second.loadUnaligned(fromByteOffset: index * 8, as: Integer.self)
      return Double(UInt64(truncatingIfNeeded: a > b ? a &- b : b &- a))
    }
    switch type {
    case .int64: return distance(Int64.self)
    case .uint64: return distance(UInt64.self)
    default: return nil
    }
  }

  /// The numbers that the codes of a type of at most 8 bits stand for.
  static func table(of type: ElementType) -> [Double] {
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

extension StoredTensor {
  /// Elements that are looked at together: a chunk of a package.
  static let numbersAtATime = 1 << 16

  /// What `body` finds in the tensor's numbers, a piece at a time on all cores, in the order of the pieces.
  ///
  /// - Parameter body: Gets the number of the piece's first element, the elements, and the numbers that they stand for.
  func surveyed<Finding: Sendable>(
    _ body:
      @Sendable (_ first: Int, _ bytes: UnsafeRawBufferPointer, _ numbers: UnsafeBufferPointer<Double>) throws ->
      Finding
  ) throws -> [Finding] {
    let tensor = readsInPieces ? self : StoredTensor(try load())
    let (type, count) = (type, shape.reduce(1, *))
    let pieces = (count + Self.numbersAtATime - 1) / Self.numbersAtATime
    return try concurrentlyMapped(pieces) { piece in
      let first = piece * Self.numbersAtATime
      let elements = min(Self.numbersAtATime, count - first)
      let memory = try TensorMemory(byteCount: type.byteCount(of: elements) ?? 0)
      try tensor.read(into: memory.mutableBytes, at: first * type.bitWidth / 8)
      let bytes = UnsafeRawBufferPointer(memory.mutableBytes)
      let numbers = UnsafeMutableBufferPointer<Double>.allocate(capacity: elements * type.numbersPerElement)
      defer { numbers.deallocate() }
      Numbers.decode(bytes, type, to: numbers)
      return try body(first, bytes, UnsafeBufferPointer(numbers))
    }
  }
}
