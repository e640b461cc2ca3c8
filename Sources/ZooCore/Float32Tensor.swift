/// How integers stand for numbers: (integer - zero point) · scale, as ONNX's DequantizeLinear has it.
public struct Quantization: Sendable {
  /// By position along `axis`; one alone serves all elements.
  public var scales: [Float]
  /// As many as there are scales; empty for zeros.
  public var zeroPoints: [Float]
  public var axis: Int

  public init(scales: [Float], zeroPoints: [Float] = [], axis: Int = 0) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }
}

extension StoredTensor {
  /// The same numbers as float32, converted whenever they are read; `nil` for a type that is not float16, bfloat16 or
  /// float64.
  public func asFloat32() throws -> StoredTensor? {
    let form: Float32Source.Form
    switch type {
    case .float16: form = .half
    case .bfloat16: form = .bfloat
    case .float64: form = .double
    default: return nil
    }
    return try StoredTensor(type: .float32, shape: shape, source: Float32Source(stored: self, form: form))
  }

  /// The numbers that the integers stand for as float32, converted whenever they are read; `nil` for a type that is not
  /// int8 or uint8, and for a quantization that does not fit the shape.
  public func dequantized(_ quantization: Quantization) throws -> StoredTensor? {
    let scales = quantization.scales
    let zeroPoints =
      quantization.zeroPoints.isEmpty ? [Float](repeating: 0, count: scales.count) : quantization.zeroPoints
    guard type == .int8 || type == .uint8, zeroPoints.count == scales.count else { return nil }
    var inner = max(1, shape.reduce(1, *))
    if scales.count != 1 {
      guard shape.indices.contains(quantization.axis), shape[quantization.axis] == scales.count else { return nil }
      inner = max(1, shape[(quantization.axis + 1)...].reduce(1, *))
    }
    let channels = Float32Source.Channels(
      scales: scales, zeroPoints: zeroPoints, inner: inner, isSigned: type == .int8)
    return try StoredTensor(
      type: .float32, shape: shape, source: Float32Source(stored: self, form: .integers(channels)))
  }
}

/// A tensor of another type that becomes float32 while it is read.
private struct Float32Source: TensorSource {
  enum Form: Sendable {
    case half
    case bfloat
    case double
    case integers(Channels)
  }

  struct Channels: Sendable {
    var scales: [Float]
    var zeroPoints: [Float]
    /// Elements that share a scale, one after another.
    var inner: Int
    var isSigned: Bool
  }

  /// Elements that are converted at a time, by way of memory that the cache holds.
  private static let blockCount = 1024

  let stored: StoredTensor
  let form: Form

  var readsInPieces: Bool { stored.readsInPieces }

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
    let width = stored.type.bitWidth / 8
    guard !output.isEmpty else { return }
    if width > MemoryLayout<Float>.size {
      let wide = try TensorMemory(byteCount: output.count * width)
      try read(wide.mutableBytes)
      return convert(UnsafeRawBufferPointer(wide.mutableBytes), to: output, first: first)
    }
    // The stored elements come to lie at the end of the caller's memory: each is copied away before a number is written
    // over it.
    let tail = UnsafeMutableRawBufferPointer(rebasing: bytes[(bytes.count - output.count * width)...])
    try read(tail)
    withUnsafeTemporaryAllocation(byteCount: Self.blockCount * width, alignment: 8) { block in
      for start in stride(from: 0, to: output.count, by: Self.blockCount) {
        let count = min(Self.blockCount, output.count - start)
        let copy = UnsafeMutableRawBufferPointer(rebasing: block[..<(count * width)])
        copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: tail[start * width..<(start + count) * width]))
        convert(
          UnsafeRawBufferPointer(copy), to: UnsafeMutableBufferPointer(rebasing: output[start..<start + count]),
          first: first + start)
      }
    }
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
    case .integers(let channels):
      if channels.isSigned {
        Self.dequantize(source.bindMemory(to: Int8.self), channels, to: output, first: first)
      } else {
        Self.dequantize(source.bindMemory(to: UInt8.self), channels, to: output, first: first)
      }
    }
  }

  @inline(__always)
  private static func dequantize<Integer: FixedWidthInteger>(
    _ integers: UnsafeBufferPointer<Integer>, _ channels: Channels, to output: UnsafeMutableBufferPointer<Float>,
    first: Int
  ) {
    let count = channels.scales.count
    channels.scales.withUnsafeBufferPointer { scales in
      channels.zeroPoints.withUnsafeBufferPointer { zeroPoints in
        var index = 0
        while index < output.count {
          let element = first + index
          let channel = element / channels.inner % count
          if channels.inner == 1 {
            // Neighbours have neighbouring channels.
            let run = min(count - channel, output.count - index)
            for place in 0..<run {
              output[index + place] =
                (Float(integers[index + place]) - zeroPoints[channel + place]) * scales[channel + place]
            }
            index += run
          } else {
            let run = min(channels.inner - element % channels.inner, output.count - index)
            let (scale, zeroPoint) = (scales[channel], zeroPoints[channel])
            for place in index..<index + run { output[place] = (Float(integers[place]) - zeroPoint) * scale }
            index += run
          }
        }
      }
    }
  }
}

extension Float {
  /// The value of a 16-bit float (IEEE 754 binary16), which float32 always has; what is no number keeps its bits.
  package init(half bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let fraction = UInt32(bits & 0x3FF)
    switch bits >> 10 & 0x1F {
    case 0:
      let magnitude = Float(Int32(fraction)) * 0x1p-24
      self.init(bitPattern: magnitude.bitPattern | sign)
    case 31: self.init(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    case let exponent: self.init(bitPattern: sign | (UInt32(exponent) + 112) << 23 | fraction << 13)
    }
  }
}
