import ZooCore

/// A tensor's elements inside a storage, wherever its strides put them.
package struct StridedSource: TensorSource {
  private let memory: TensorMemory
  /// Bytes.
  private let offset: Int
  /// Elements; 0 where the extent is 1, so that no arithmetic on them can overflow.
  private let strides: [Int]
  /// Whether the elements lie one after the other, which lets a part be read by itself.
  package let readsInPieces: Bool

  /// - Parameters:
  ///   - offset: The first element's place in `memory`, in elements.
  ///   - strides: In elements, one for each extent of `shape`.
  /// - Throws: `ZooError` (`badData`) unless every element lies in `memory`.
  package init(memory: TensorMemory, type: ElementType, offset: Int, shape: [Int], strides: [Int]) throws {
    guard shape.count == strides.count else {
      throw ZooError(.badData, "the tensor has \(shape.count) extents and \(strides.count) strides")
    }
    let width = type.bitWidth / 8
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    self.memory = memory
    self.strides = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
    readsInPieces = Self.isContiguous(shape, self.strides)
    guard byteCount > 0 else {
      self.offset = 0
      return
    }
    let outside = ZooError(
      .badData,
      "the tensor of shape \(shape), strides \(strides) and offset \(offset) lies outside its storage of \(memory.count) bytes"
    )
    var last = offset
    for (extent, stride) in zip(shape, strides) where extent > 1 {
      let (span, tooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, tooLarge) = last.addingReportingOverflow(span)
      guard stride >= 0, !tooFar, !tooLarge else { throw outside }
      last = sum
    }
    guard offset >= 0, last >= 0, last < memory.count / width else { throw outside }
    self.offset = offset * width
  }

  package func load(type: ElementType, shape: [Int]) throws -> Tensor {
    guard let part = try lend(type: type, shape: shape), let start = part.mutableBytes.baseAddress,
      Int(bitPattern: start) % TensorMemory.alignment == 0
    else { return try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) } }
    return try Tensor(type: type, shape: shape, memory: part)
  }

  package func lend(type: ElementType, shape: [Int]) throws -> TensorMemory? {
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    guard byteCount > 0, readsInPieces, let start = memory.mutableBytes.baseAddress.map({ $0 + offset }) else {
      return nil
    }
    let part = UnsafeRawBufferPointer(start: start, count: byteCount)
    try check(part, type)
    return TensorMemory(borrowing: part, owner: memory)
  }

  package func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    guard let source = memory.mutableBytes.baseAddress.map({ UnsafeRawPointer($0 + offset) }),
      let target = bytes.baseAddress, !bytes.isEmpty
    else { return }
    if readsInPieces { return try read(into: bytes, at: 0, type: type, shape: shape) }
    switch type.bitWidth / 8 {
    case 1: gather(UInt8.self, from: source, to: target, shape: shape)
    case 2: gather(UInt16.self, from: source, to: target, shape: shape)
    case 4: gather(UInt32.self, from: source, to: target, shape: shape)
    case 8: gather(UInt64.self, from: source, to: target, shape: shape)
    default: gather(SIMD2<UInt64>.self, from: source, to: target, shape: shape)
    }
    try check(UnsafeRawBufferPointer(bytes), type)
  }

  package func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
  ) throws {
    guard readsInPieces else {
      let tensor = try load(type: type, shape: shape)
      return tensor.withUnsafeBytes { all in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[offset..<offset + bytes.count]))
      }
    }
    let start = self.offset + offset
    let part = UnsafeRawBufferPointer(rebasing: memory.mutableBytes[start..<start + bytes.count])
    bytes.copyMemory(from: part)
    try check(part, type)
    // Nobody needs the file's copy beside the reader's.
    memory.discard(part)
  }

  package func checkUnchanged() throws { try memory.checkUnchanged() }

  private static func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }

  private func gather<Element: BitwiseCopyable>(
    _: Element.Type, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, shape: [Int]
  ) {
    let width = MemoryLayout<Element>.size
    let columns = shape.last ?? 1
    let step = strides.last ?? 1
    let rows = shape.dropLast().reduce(1, *)
    var index = [Int](repeating: 0, count: shape.count)
    var place = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let element = source.loadUnaligned(fromByteOffset: (place + column * step) * width, as: Element.self)
        target.storeBytes(of: element, toByteOffset: (row * columns + column) * width, as: Element.self)
      }
      // The next row, as an odometer counts.
      for axis in stride(from: shape.count - 2, through: 0, by: -1) {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < shape[axis] { break }
        place -= shape[axis] * strides[axis]
        index[axis] = 0
      }
    }
  }

  /// Truth values are 0 or 1; anything else is undefined behaviour in whoever reads them.
  private func check(_ bytes: UnsafeRawBufferPointer, _ type: ElementType) throws {
    guard type != .bool || bytes.allSatisfy({ $0 <= 1 }) else {
      throw ZooError(.badData, "a tensor of truth values holds others than 0 and 1")
    }
  }
}
