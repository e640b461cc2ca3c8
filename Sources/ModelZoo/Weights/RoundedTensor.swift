import ZooNumbers

/// A float32 tensor as it is stored rounded. Nothing is held: the elements are rounded whenever they are read.
struct RoundedTensor: TensorSource {
  enum Form: Sendable {
    /// To the nearest bfloat16, ties to even.
    case bfloat16
    /// To -127…127, each times the scale of its place along an axis, `inner` elements of which have the same.
    case int8(scales: [Float], inner: Int)
  }

  let exact: StoredTensor
  let form: Form

  var type: ElementType {
    switch form {
    case .bfloat16: .bfloat16
    case .int8: .int8
    }
  }

  /// The rounded tensor, to be stored.
  func stored() throws -> StoredTensor { try StoredTensor(type: type, shape: exact.shape, source: self) }

  var readsInPieces: Bool { exact.readsInPieces }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try read(into: bytes, at: 0, type: type, shape: shape)
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let width = self.type.bitWidth / 8
    guard offset % width == 0, bytes.count % width == 0 else {
      throw ZooError(.defect, "\(bytes.count) bytes at \(offset) are no whole numbers of \(type.name)")
    }
    let (first, count) = (offset / width, bytes.count / width)
    let numbers = try TensorMemory(byteCount: count * MemoryLayout<Float>.size)
    try exact.read(into: numbers.mutableBytes, at: first * MemoryLayout<Float>.size)
    let floats = UnsafeBufferPointer(numbers.mutableBytes.bindMemory(to: Float.self))
    switch form {
    case .bfloat16:
      let output = bytes.bindMemory(to: UInt16.self)
      for index in 0..<count { output[index] = floats[index].bfloat16Bits }
    case .int8(let scales, let inner):
      let output = bytes.bindMemory(to: Int8.self)
      var place = ChannelPlace(of: first, channels: scales.count, inner: inner)
      for index in 0..<count {
        output[index] = Self.int8(floats[index], scales[place.channel])
        place.advance()
      }
    }
  }

  static func int8(_ value: Float, _ scale: Float) -> Int8 {
    Int8(min(max((value / scale).rounded(.toNearestOrEven), -127), 127))
  }
}

/// The channel of one element after another.
struct ChannelPlace {
  private(set) var channel: Int
  private var left: Int
  private let channels: Int
  private let inner: Int

  /// - Parameter inner: Elements of a channel that follow each other.
  init(of element: Int, channels: Int, inner: Int) {
    (self.channels, self.inner) = (channels, inner)
    channel = element / inner % channels
    left = inner - element % inner
  }

  mutating func advance() {
    left -= 1
    guard left == 0 else { return }
    left = inner
    channel = channel + 1 == channels ? 0 : channel + 1
  }
}

extension StoredTensor {
  /// Calls `body` with the elements of a float32 tensor, a megabyte at a time where the source allows it, and the number
  /// of the first of them.
  func forEachPiece(_ body: (_ first: Int, _ elements: UnsafeBufferPointer<Float>) throws -> Void) throws {
    let count = shape.reduce(1, *)
    let size = readsInPieces ? 1 << 18 : count
    let memory = try TensorMemory(byteCount: min(size, count) * MemoryLayout<Float>.size)
    for first in stride(from: 0, to: count, by: max(size, 1)) {
      let piece = UnsafeMutableRawBufferPointer(
        rebasing: memory.mutableBytes[..<(min(size, count - first) * MemoryLayout<Float>.size)])
      try read(into: piece, at: first * MemoryLayout<Float>.size)
      try body(first, UnsafeBufferPointer(piece.bindMemory(to: Float.self)))
    }
  }
}
