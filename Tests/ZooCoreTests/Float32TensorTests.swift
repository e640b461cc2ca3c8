import Testing
import ZooCore

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
    #expect(try StoredTensor(Tensor([Int32(1)], shape: [1])).dequantized(Quantization(scales: [1])) == nil)
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
