import Files
import ZooCore
import ZooNumbers

extension ElementType {
  /// Whether the elements stand for numbers that can be compared and added up; complex ones count as two.
  var isNumeric: Bool { self != .string }

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

extension Numbers {
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
}
