import ZooNumbers

/// The floating-point types that weights can be cast to.
package enum FloatType: String, Sendable, Hashable, CaseIterable, Codable {
  case float32 = "fp32"
  case float16 = "fp16"
  case bfloat16 = "bf16"

  package var elementType: ElementType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }
}

/// What a cast changes.
package struct CastCost: Sendable, Hashable, Codable {
  /// Tensors whose type changes.
  package var tensors = 0
  /// Their numbers, and how many of them are others afterwards.
  package var values = 0
  package var changedValues = 0
  /// Finite numbers that become infinite; they have no part in the errors.
  package var overflows = 0
  package var largestError = 0.0
  /// Relative to the number itself.
  package var largestRelativeError = 0.0
  /// The tensor that has the largest error.
  package var worstTensor: String?

  package init() {}

  enum CodingKeys: String, CodingKey {
    case tensors, values, overflows
    case changedValues = "changed_values"
    case largestError = "largest_error"
    case largestRelativeError = "largest_relative_error"
    case worstTensor = "worst_tensor"
  }

  /// Takes in what was found in another part.
  mutating func add(_ other: CastCost) {
    tensors += other.tensors
    values += other.values
    changedValues += other.changedValues
    overflows += other.overflows
    if other.largestError > largestError {
      (largestError, worstTensor) = (other.largestError, other.worstTensor)
    }
    largestRelativeError = max(largestRelativeError, other.largestRelativeError)
  }

  mutating func add(_ exact: Double, became rounded: Double) {
    guard rounded != exact, !exact.isNaN else { return }
    changedValues += 1
    guard rounded.isFinite else {
      overflows += 1
      return
    }
    largestError = max(largestError, (rounded - exact).magnitude)
    largestRelativeError = max(largestRelativeError, ((rounded - exact) / exact).magnitude)
  }
}

extension NamedTensor {
  /// The tensor cast to `type`, and what that changes; `nil` for one that has the type already, or holds something else
  /// than floating-point numbers of 8 bits or more.
  ///
  /// Numbers are rounded to the nearest, ties to even; a NaN stays one.
  func cast(to type: FloatType) throws -> (tensor: NamedTensor, cost: CastCost)? {
    guard tensor.type.isFloating, tensor.type != type.elementType else { return nil }
    var cast = self
    cast.tensor = try StoredTensor(
      type: type.elementType, shape: tensor.shape, source: CastTensor(original: tensor, type: type))
    var cost = CastCost()
    for piece in try tensor.surveyed({ _, _, numbers in
      var cost = CastCost()
      for number in numbers { cost.add(number, became: type.rounded(number)) }
      return cost
    }) { cost.add(piece) }
    (cost.tensors, cost.values) = (1, tensor.shape.reduce(1, *))
    if cost.changedValues > 0 { cost.worstTensor = name }
    return (cast, cost)
  }
}

/// Elements that are cast whenever they are read.
private struct CastTensor: TensorSource {
  let original: StoredTensor
  let type: FloatType

  var readsInPieces: Bool { original.readsInPieces }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try read(into: bytes, at: 0, type: type, shape: shape)
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let width = type.bitWidth / 8
    guard offset % width == 0, bytes.count % width == 0 else {
      throw ZooError(.defect, "\(bytes.count) bytes at \(offset) are no whole numbers of \(type.name)")
    }
    let original = readsInPieces ? original : StoredTensor(try original.load())
    let (first, count) = (offset / width, bytes.count / width)
    let (form, stride) = (self.type, original.type.bitWidth / 8)
    let block = min(StoredTensor.numbersAtATime, count)
    let memory = try TensorMemory(byteCount: block * stride)
    let numbers = UnsafeMutableBufferPointer<Double>.allocate(capacity: block)
    defer { numbers.deallocate() }
    for start in Swift.stride(from: 0, to: count, by: max(block, 1)) {
      let size = min(block, count - start)
      let piece = UnsafeMutableRawBufferPointer(rebasing: memory.mutableBytes[..<(size * stride)])
      try original.read(into: piece, at: (first + start) * stride)
      let part = UnsafeMutableBufferPointer(rebasing: numbers[..<size])
      Numbers.decode(UnsafeRawBufferPointer(piece), original.type, to: part)
      form.encode(
        UnsafeBufferPointer(part),
        to: UnsafeMutableRawBufferPointer(rebasing: bytes[start * width..<(start + size) * width]))
    }
  }
}

extension FloatType {
  fileprivate func encode(_ numbers: UnsafeBufferPointer<Double>, to bytes: UnsafeMutableRawBufferPointer) {
    switch self {
    case .float32:
      let output = bytes.bindMemory(to: Float.self)
      for index in numbers.indices { output[index] = Float(numbers[index]) }
    case .float16:
      let output = bytes.bindMemory(to: UInt16.self)
      for index in numbers.indices { output[index] = Float.roundedToOdd(numbers[index]).halfBits }
    case .bfloat16:
      let output = bytes.bindMemory(to: UInt16.self)
      for index in numbers.indices { output[index] = Float.roundedToOdd(numbers[index]).bfloat16Bits }
    }
  }

  /// The number of this type that is nearest.
  fileprivate func rounded(_ number: Double) -> Double {
    switch self {
    case .float32: Double(Float(number))
    case .float16: Double(Float(half: Float.roundedToOdd(number).halfBits))
    case .bfloat16: Double(Float(bitPattern: UInt32(Float.roundedToOdd(number).bfloat16Bits) << 16))
    }
  }
}
