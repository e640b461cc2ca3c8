import Testing
import ZooCore
import ZooNumbers

/// Tensors that become float32 while they are read.
@Suite struct Float32TensorTests {
  @Test func everyBfloat16() throws {
    let bits = (0...UInt16.max).map { $0 }
    let converted = try #require(try tensor(of: bits, .bfloat16, [256, 256]).asFloat32())
    let values: [Float] = try converted.load().elements()
    #expect(zip(values, bits).allSatisfy { $0.bitPattern == UInt32($1) << 16 })
    #expect(converted.type == .float32 && converted.shape == [256, 256])
  }

  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    @Test func everyHalf() throws {
      let bits = (0...UInt16.max).map { $0 }
      let values: [Float] = try #require(try tensor(of: bits, .float16, [1 << 16]).asFloat32()).load().elements()
      for (value, bits) in zip(values, bits) {
        let wanted = Float(Float16(bitPattern: bits))
        #expect(value == wanted || (value.isNaN && wanted.isNaN), "\(bits)")
      }
    }
  #endif

  @Test func doubles() throws {
    let doubles = (0..<3000).map { 1 / Double($0 + 1) }
    let converted = try #require(try StoredTensor(Tensor(doubles, shape: [3000])).asFloat32())
    #expect(try converted.load().elements(Float.self) == doubles.map(Float.init))
    #expect(try pieces(of: converted) == doubles.map(Float.init))
    #expect(try StoredTensor(Tensor([Int32(1)], shape: [1])).asFloat32() == nil)
  }

  /// By ONNX's definition, element by element.
  @Test(arguments: [0, 1, 2], [true, false])
  func integersTimesScales(axis: Int, isSigned: Bool) throws {
    let shape = [5, 70, 13]
    let count = shape.reduce(1, *)
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let scales = (0..<shape[axis]).map { Float($0 + 1) / 64 }
    let zeroPoints = (0..<shape[axis]).map { Float($0 % 7 - 3) }
    let stored = try tensor(of: bytes, isSigned ? .int8 : .uint8, shape)
    let inner = shape[(axis + 1)...].reduce(1, *)
    for zeros in [zeroPoints, []] {
      let converted = try #require(
        try stored.dequantized(Quantization(scales: scales, zeroPoints: zeros, axis: axis)))
      let wanted = bytes.enumerated().map { index, byte -> Float in
        let channel = index / inner % shape[axis]
        let value = isSigned ? Float(Int8(bitPattern: byte)) : Float(byte)
        return (value - (zeros.isEmpty ? 0 : zeros[channel])) * scales[channel]
      }
      #expect(try converted.load().elements(Float.self) == wanted)
      #expect(try pieces(of: converted) == wanted)
    }
  }

  /// Every type that ONNX's DequantizeLinear takes, with scales along an axis and in blocks, read from odd places.
  @Test(arguments: [
    (ElementType.int2, [-2.0, -1, 0, 1]), (.uint2, [0, 1, 2, 3]), (.int4, [-8, -3, 0, 7]), (.uint4, [0, 1, 9, 15]),
    (.float4e2m1, [-6, 0.5, 1.5, 4]), (.int16, [-32768, -1, 3, 32767]), (.uint16, [0, 1, 40000, 65535]),
    (.int32, [-2_147_483_648, -1, 5, 65536]), (.float8e4m3fn, [-448, 0.001953125, 1.5, 240]),
    (.float8e5m2, [-57344, 1.52587890625e-05, 1.25, 3]),
  ])
  func everyType(type: ElementType, numbers: [Double]) throws {
    let shape = [3, 5, 7]
    let count = shape.reduce(1, *)
    let codes = try numbers.map { try #require(code(of: $0, type)) }
    let (bits, order) = (type.bitWidth, (0..<count).map { ($0 &* 7 &+ $0 / 5) % 4 })
    let stored = try StoredTensor(
      Tensor(type: type, shape: shape) { bytes in
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        for (index, place) in order.enumerated() {
          for bit in 0..<bits where codes[place] >> UInt64(bit) & 1 == 1 {
            bytes[(index * bits + bit) / 8] |= 1 << UInt8((index * bits + bit) % 8)
          }
        }
      })
    for (axis, block) in [(0, 0), (1, 0), (2, 0), (0, 2), (1, 3), (2, 4)] {
      var extents = block == 0 ? [shape[axis]] : shape
      if block > 0 { extents[axis] = (shape[axis] + block - 1) / block }
      let scales = (0..<extents.reduce(1, *)).map { Float($0 % 9 + 1) / 8 }
      let zeros = scales.indices.map { Float($0 % 3) }
      let converted = try #require(
        try stored.dequantized(Quantization(scales: scales, zeroPoints: zeros, axis: axis, blockSize: block)))
      let inner = shape[(axis + 1)...].reduce(1, *)
      let wanted = order.enumerated().map { index, place -> Float in
        let position = index / inner % shape[axis]
        let scale =
          block == 0
          ? position : (index / (inner * shape[axis]) * extents[axis] + position / block) * inner + index % inner
        return (Float(numbers[place]) - zeros[scale]) * scales[scale]
      }
      #expect(try converted.load().elements(Float.self) == wanted, "\(axis), \(block)")
      #expect(try pieces(of: converted) == wanted, "\(axis), \(block)")
    }
  }

  /// The bits of a number, found by its definition: two's complement, or sign, exponent and fraction.
  private func code(of number: Double, _ type: ElementType) -> UInt64? {
    let forms: [ElementType: (exponent: Int, fraction: Int, bias: Int)] = [
      .float4e2m1: (2, 1, 1), .float8e4m3fn: (4, 3, 7), .float8e5m2: (5, 2, 15),
    ]
    guard let form = forms[type] else {
      return UInt64(bitPattern: Int64(number)) & (1 << UInt64(type.bitWidth) - 1)
    }
    return (0..<UInt64(1) << UInt64(type.bitWidth)).first { code in
      let fraction = Double(code & (1 << UInt64(form.fraction) - 1)) / Double(1 << form.fraction)
      let exponent = Int(code >> UInt64(form.fraction)) & (1 << form.exponent - 1)
      let magnitude =
        (exponent == 0 ? fraction * 2 : 1 + fraction)
        * Double(sign: .plus, exponent: exponent - form.bias, significand: 1)
      return (code >> UInt64(type.bitWidth - 1) == 0 ? magnitude : -magnitude) == number
    }
  }

  @Test func oneScaleForAll() throws {
    let stored = try StoredTensor(Tensor([Int8(-128), 0, 127, 5], shape: [2, 2]))
    let converted = try #require(try stored.dequantized(Quantization(scales: [0.5], axis: 7)))
    #expect(try converted.load().elements(Float.self) == [-64, 0, 63.5, 2.5])
  }

  /// What a file may claim.
  @Test func whatDoesNotFit() throws {
    let stored = try StoredTensor(Tensor([Int8](repeating: 3, count: 6), shape: [2, 3]))
    #expect(try stored.dequantized(Quantization(scales: [1, 2], axis: 1)) == nil)
    #expect(try stored.dequantized(Quantization(scales: [1, 2], axis: 2)) == nil)
    #expect(try stored.dequantized(Quantization(scales: [1, 2], axis: -1)) == nil)
    #expect(try stored.dequantized(Quantization(scales: [], axis: 0)) == nil)
    #expect(try stored.dequantized(Quantization(scales: [1, 2], zeroPoints: [1], axis: 0)) == nil)
    #expect(try StoredTensor(Tensor([Int64(1)], shape: [1])).dequantized(Quantization(scales: [1])) == nil)
    #expect(try stored.dequantized(Quantization(scales: [1, 2], axis: 1, blockSize: 2)) == nil)
    #expect(try stored.dequantized(Quantization(scales: [1, 2], axis: 1, blockSize: -1)) == nil)
    let scaled = try #require(try stored.dequantized(Quantization(scales: [0, .nan], axis: 0)))
    let values: [Float] = try scaled.load().elements()
    #expect(values[..<3] == [0, 0, 0] && values[3...].allSatisfy(\.isNaN))
    let empty = try StoredTensor(Tensor([Int8](), shape: [0, 3])).dequantized(Quantization(scales: [], axis: 0))
    #expect(try empty?.load().count == 0)
    // From the middle of a number nothing can be read.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 4)
    defer { bytes.deallocate() }
    #expect(throws: ZooError.self) { try scaled.read(into: bytes, at: 2) }
  }

  private func tensor<Bits: BitwiseCopyable>(of bits: [Bits], _ type: ElementType, _ shape: [Int]) throws
    -> StoredTensor
  {
    try StoredTensor(
      Tensor(type: type, shape: shape) { target in bits.withUnsafeBytes { target.copyMemory(from: $0) } })
  }

  /// The elements, read in pieces of odd lengths.
  private func pieces(of tensor: StoredTensor) throws -> [Float] {
    let count = tensor.shape.reduce(1, *)
    var values: [Float] = []
    while values.count < count {
      let piece = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 4 * min(1 + values.count % 1237, count - values.count), alignment: 4)
      defer { piece.deallocate() }
      try tensor.read(into: piece, at: 4 * values.count)
      values += piece.bindMemory(to: Float.self)
    }
    return values
  }
}
