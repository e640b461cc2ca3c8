import ZooCore

extension StoredTensor {
  /// The same numbers as float32, converted whenever they are read; `nil` for a type that is not float16, bfloat16 or
  /// float64.
  package func asFloat32() throws -> StoredTensor? {
    let form: Float32Source.Form
    switch type {
    case .float16: form = .half
    case .bfloat16: form = .bfloat
    case .float64: form = .double
    default: return nil
    }
    return try StoredTensor(type: .float32, shape: shape, source: Float32Source(stored: self, form: form))
  }

  /// Of float32 that `dequantized` has given: the numbers, and what they stand for.
  package var quantized: (numbers: StoredTensor, quantization: Quantization)? { (origin as? Float32Source)?.quantized }

  /// Of float32: the numbers of 16 bits that the elements are made of, if they are.
  package var narrow: StoredTensor? { (origin as? Float32Source)?.narrow }

  /// The same numbers, of which pieces can be read: where only the whole can, and 16 bits hold it, that is in memory.
  package func inPieces() throws -> StoredTensor {
    guard !readsInPieces, let narrow else { return self }
    return try StoredTensor(narrow.load()).asFloat32() ?? self
  }

  /// The numbers that the elements stand for as float32, converted whenever they are read; `nil` for elements of more
  /// than 32 bits and for a quantization that does not fit the shape.
  package func dequantized(_ quantization: Quantization) throws -> StoredTensor? {
    guard type.isQuantizable, let scales = ElementScales(quantization, shape: shape) else { return nil }
    return try StoredTensor(
      type: .float32, shape: shape, source: Float32Source(stored: self, form: .quantized(scales)))
  }
}

extension ElementType {
  /// Whether ONNX's DequantizeLinear takes the type.
  fileprivate var isQuantizable: Bool {
    switch self {
    case .int2, .uint2, .int4, .uint4, .int8, .uint8, .int16, .uint16, .int32, .float4e2m1, .float8e4m3fn,
      .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz:
      true
    default: false
    }
  }
}

/// A tensor of another type that becomes float32 while it is read.
private struct Float32Source: TensorSource {
  enum Form: Sendable {
    case half
    case bfloat
    case double
    case quantized(ElementScales)
  }

  /// Elements that are converted at a time, by way of memory that the cache holds.
  private static let blockCount = 1024

  let stored: StoredTensor
  let form: Form

  var readsInPieces: Bool { stored.readsInPieces }

  var narrow: StoredTensor? {
    switch form {
    case .half, .bfloat: stored
    case .double, .quantized: nil
    }
  }

  var quantized: (numbers: StoredTensor, quantization: Quantization)? {
    guard case .quantized(let scales) = form else { return nil }
    return (stored, scales.given)
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try convert(into: bytes, first: 0) { try stored.read(into: $0) }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let size = MemoryLayout<Float>.size
    guard offset % size == 0, bytes.count % size == 0 else {
      throw ZooError(.defect, "\(bytes.count) bytes at \(offset) are no whole numbers of float32")
    }
    let first = offset / size
    try convert(into: bytes, first: first) { try stored.read(into: $0, at: first * stored.type.bitWidth / 8) }
  }

  /// Has `read` fetch the stored elements, number `first` and on, and converts them.
  private func convert(
    into bytes: UnsafeMutableRawBufferPointer, first: Int, read: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let output = bytes.bindMemory(to: Float.self)
    guard !output.isEmpty else { return }
    let stride = stride(of: 0..<output.count, first: first)
    if stored.type.bitWidth > Float.elementType.bitWidth {
      let wide = try TensorMemory(byteCount: stride.count)
      try read(wide.mutableBytes)
      return convert(UnsafeRawBufferPointer(wide.mutableBytes), to: output, first: first)
    }
    // The stored elements come to lie at the end of the caller's memory: each is copied away before a number is written
    // over it.
    let tail = UnsafeMutableRawBufferPointer(rebasing: bytes[(bytes.count - stride.count)...])
    try read(tail)
    withUnsafeTemporaryAllocation(byteCount: Self.blockCount * MemoryLayout<Float>.size, alignment: 8) { block in
      for start in Swift.stride(from: 0, to: output.count, by: Self.blockCount) {
        let elements = start..<min(output.count, start + Self.blockCount)
        let part = self.stride(of: elements, first: first)
        let copy = UnsafeMutableRawBufferPointer(rebasing: block[..<part.count])
        copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: tail[part]))
        convert(
          UnsafeRawBufferPointer(copy), to: UnsafeMutableBufferPointer(rebasing: output[elements]),
          first: first + start)
      }
    }
  }

  /// The stored bytes of `elements`, which count from number `first` on, from the byte in which that begins.
  private func stride(of elements: Range<Int>, first: Int) -> Range<Int> {
    let bits = stored.type.bitWidth
    let origin = first * bits / 8
    return (first + elements.lowerBound) * bits / 8 - origin..<((first + elements.upperBound) * bits + 7) / 8 - origin
  }

  private func convert(_ source: UnsafeRawBufferPointer, to output: UnsafeMutableBufferPointer<Float>, first: Int) {
    switch form {
    case .double:
      let numbers = source.bindMemory(to: Double.self)
      for index in output.indices { output[index] = Float(numbers[index]) }
    case .bfloat:
      let numbers = source.bindMemory(to: UInt16.self)
      for index in output.indices { output[index] = Float(bitPattern: UInt32(numbers[index]) << 16) }
    case .half:
      let numbers = source.bindMemory(to: UInt16.self)
      for index in output.indices { output[index] = Float(half: numbers[index]) }
    case .quantized(let scales):
      switch stored.type {
      case .int8: Self.dequantize(source.bindMemory(to: Int8.self), scales, to: output, first: first)
      case .uint8: Self.dequantize(source.bindMemory(to: UInt8.self), scales, to: output, first: first)
      default:
        withUnsafeTemporaryAllocation(of: Double.self, capacity: output.count) { numbers in
          Numbers.decode(source, stored.type, firstBit: first * stored.type.bitWidth % 8, to: numbers)
          Self.dequantize(UnsafeBufferPointer(numbers), scales, to: output, first: first)
        }
      }
    }
  }

  @inline(__always)
  private static func dequantize<Number: FloatConvertible>(
    _ numbers: UnsafeBufferPointer<Number>, _ scales: ElementScales, to output: UnsafeMutableBufferPointer<Float>,
    first: Int
  ) {
    scales.forEachRun(first: first, count: output.count) { elements, scales, zeroPoints, isRow in
      if isRow {
        for (place, index) in elements.enumerated() {
          output[index] = (numbers[index].float - zeroPoints[place]) * scales[place]
        }
      } else {
        let (scale, zeroPoint) = (scales[0], zeroPoints[0])
        for index in elements { output[index] = (numbers[index].float - zeroPoint) * scale }
      }
    }
  }
}

/// A number that float32 stands in for.
private protocol FloatConvertible {
  var float: Float { get }
}

extension Int8: FloatConvertible { fileprivate var float: Float { Float(self) } }
extension UInt8: FloatConvertible { fileprivate var float: Float { Float(self) } }
extension Double: FloatConvertible { fileprivate var float: Float { Float(self) } }
