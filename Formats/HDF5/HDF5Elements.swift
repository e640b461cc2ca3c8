import CZlib
import Files
import ZooCore
import Zip

/// Where a dataset's elements are, and how they get into memory.
struct HDF5Elements: TensorSource {
  struct Chunk: Sendable {
    /// The indices of its first element.
    var origin: [Int]
    /// In the file's memory.
    var range: Range<Int>
    /// Filters that this chunk was not put through, by their bits.
    var skipped: Int
  }

  enum Filter: Sendable {
    case deflate
    case shuffle(width: Int)
  }

  enum Layout: Sendable {
    /// Nothing was written; all is the fill value.
    case empty
    case contiguous(Range<Int>)
    case chunked([Chunk], extents: [Int], filters: [Filter])

    /// Where the elements begin.
    var place: Int? {
      switch self {
      case .empty: nil
      case .contiguous(let range): range.lowerBound
      case .chunked(let chunks, _, _): chunks.map(\.range.lowerBound).min()
      }
    }
  }

  let memory: TensorMemory

  func checkUnchanged() throws { try memory.checkUnchanged() }

  let layout: Layout
  /// Bytes of an element.
  let size: Int
  let swapWidth: Int
  /// The bytes of an element that was not written; zeros if there are none.
  let fill: [UInt8]

  private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory.mutableBytes) }

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    if case .contiguous(let range) = layout, swapWidth == 1, type != .bool {
      let part = UnsafeRawBufferPointer(rebasing: bytes[range])
      if let address = part.baseAddress, Int(bitPattern: address) % TensorMemory.alignment == 0 {
        return try Tensor(type: type, shape: shape, memory: TensorMemory(borrowing: part, owner: memory))
      }
    }
    return try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) }
  }

  var readsInPieces: Bool {
    if case .chunked = layout { false } else { true }
  }

  func read(into target: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    guard case .chunked(let chunks, let extents, let filters) = layout else {
      return try read(into: target, at: 0, type: type, shape: shape)
    }
    writeFill(to: target, at: 0)
    // A dataset of rank 0 is one of one element.
    let shape = shape.isEmpty ? [1] : shape
    for chunk in chunks {
      try contents(of: chunk, extents, filters) { copy($0, chunk, extents, to: target, shape) }
    }
    finish(target, at: 0, type)
  }

  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    switch layout {
    case .empty: writeFill(to: target, at: offset)
    case .contiguous(let range):
      let start = range.lowerBound + offset
      let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + target.count])
      target.copyMemory(from: part)
      // A copy beside the mapping would take the memory twice.
      memory.discard(part)
    case .chunked:
      let tensor = try load(type: type, shape: shape)
      tensor.withUnsafeBytes { all in
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[offset..<offset + target.count]))
      }
      return
    }
    guard swapWidth == 1 || offset % swapWidth == 0 && target.count % swapWidth == 0 else {
      throw ZooError(.defect, "\(target.count) bytes at \(offset) are no whole numbers")
    }
    finish(target, at: offset, type)
  }

  private func writeFill(to target: UnsafeMutableRawBufferPointer, at offset: Int) {
    guard fill.count == size, fill.contains(where: { $0 != 0 }) else {
      target.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    for index in target.indices { target[index] = fill[(offset + index) % size] }
  }

  /// Puts the bytes of numbers into this machine's order, and makes truth values 0 or 1.
  private func finish(_ target: UnsafeMutableRawBufferPointer, at offset: Int, _ type: ElementType) {
    target.swapByteOrder(width: swapWidth)
    if type == .bool {
      for index in target.indices where target[index] > 1 { target[index] = 1 }
    }
  }

  // MARK: - Chunks

  /// Calls `body` with the chunk's elements as they were before any filter.
  private func contents(
    of chunk: Chunk, _ extents: [Int], _ filters: [Filter], _ body: (UnsafeRawBufferPointer) -> Void
  ) throws {
    let count = extents.reduce(size, *)
    let stored = UnsafeRawBufferPointer(rebasing: bytes[chunk.range])
    defer { memory.discard(stored) }
    var current: TensorMemory?
    // Reading goes through the filters backwards.
    for (index, filter) in filters.enumerated().reversed() where chunk.skipped >> index & 1 == 0 {
      let input = current.map { UnsafeRawBufferPointer($0.mutableBytes) } ?? stored
      let output = try TensorMemory(byteCount: count)
      switch filter {
      case .deflate:
        var written = uLongf(count)
        let status = uncompress(
          output.mutableBytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &written,
          input.baseAddress?.assumingMemoryBound(to: UInt8.self), uLong(input.count))
        guard status == Z_OK, written == count else {
          throw ZooError(
            .badData, "a compressed chunk is damaged", at: "byte \(chunk.range.lowerBound)",
            advice: "copy or download the file again")
        }
      case .shuffle(let width):
        guard input.count == count else { throw ZooError(.badData, "a chunk has the wrong size") }
        let elements = count / width
        let target = output.mutableBytes
        for byte in 0..<width {
          for element in 0..<elements { target[element * width + byte] = input[byte * elements + element] }
        }
        for index in elements * width..<count { target[index] = input[index] }
      }
      current = output
    }
    let result = current.map { UnsafeRawBufferPointer($0.mutableBytes) } ?? stored
    guard result.count == count else {
      throw ZooError(.badData, "a chunk has the wrong size", at: "byte \(chunk.range.lowerBound)")
    }
    withExtendedLifetime(current) { body(result) }
  }

  /// Copies the part of a chunk that lies in the dataset, row by row.
  private func copy(
    _ source: UnsafeRawBufferPointer, _ chunk: Chunk, _ extents: [Int], to target: UnsafeMutableRawBufferPointer,
    _ shape: [Int]
  ) {
    let rank = shape.count
    let inside = (0..<rank).map { min(extents[$0], shape[$0] - chunk.origin[$0]) }
    guard inside.allSatisfy({ $0 > 0 }) else { return }
    let rowBytes = inside[rank - 1] * size
    var index = [Int](repeating: 0, count: rank)
    while true {
      var (from, to) = (0, 0)
      for axis in 0..<rank {
        from = from * extents[axis] + index[axis]
        to = to * shape[axis] + chunk.origin[axis] + index[axis]
      }
      UnsafeMutableRawBufferPointer(rebasing: target[to * size..<to * size + rowBytes]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source[from * size..<from * size + rowBytes]))
      var axis = rank - 2
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < inside[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
