import Files
import Wire
import ZooCore
import ZooNumbers

/// A layer's learned numbers, as they lie in a .caffemodel (caffe.proto, BlobProto).
struct Blob: Sendable {
  let type: ElementType
  /// Older files have four extents always, the outermost 1 where they mean nothing.
  let shape: [Int]
  let isLegacy: Bool
  private let source: any TensorSource

  var count: Int { shape.reduce(1, *) }

  /// The tensor of type float32 or float64 as the file has it, under another shape of the same size.
  func tensor(_ shape: [Int]) throws -> StoredTensor { try StoredTensor(type: type, shape: shape, source: source) }

  /// The tensor as float32, which is what networks compute with.
  func float32(_ shape: [Int]) throws -> StoredTensor {
    let tensor = try tensor(shape)
    return try tensor.asFloat32() ?? tensor
  }

  /// All elements, of which there must be `count`.
  func elements() throws -> [Float] { try float32([count]).load().elements(Float.self) }

  /// Reads the BlobProto at `range` of `file`.
  init(_ file: MappedFile, _ range: Range<Int>) throws {
    var cursor = WireCursor(file.bytes, range)
    var legacy: [Int?] = [nil, nil, nil, nil]
    var shape: [Int]?
    var chunks: [Range<Int>] = []
    var type = ElementType.float32
    while let field = try cursor.next() {
      switch (field.number, field.wireType) {
      case (1...4, .varint): legacy[Int(field.number) - 1] = try Self.extent(file, field.value)
      case (5, .delimited), (5, .fixed32), (8, .delimited), (8, .fixed64):
        let found: ElementType = field.number == 5 ? .float32 : .float64
        guard chunks.isEmpty || type == found else {
          throw ZooError(.badData, "a blob has both float32 and float64 elements")
        }
        type = found
        guard field.value.count % (found.bitWidth / 8) == 0 else {
          throw ZooError(.badData, "a blob's data ends inside an element", at: "byte \(field.value.lowerBound)")
        }
        // Elements one by one lie with a tag before each.
        if !field.value.isEmpty { chunks.append(field.value) }
      case (7, .delimited): shape = try Self.shape(file, field.value)
      case (12, .delimited):
        throw ZooError(
          .unsupported, "a blob in NVIDIA's 16-bit form", advice: "save the network with float32 weights")
      default: break
      }
    }
    let count = chunks.reduce(0) { $0 + $1.count } / (type.bitWidth / 8)
    isLegacy = shape == nil && legacy.contains { $0 != nil }
    // A blob without any shape is a scalar only in name: nobody writes one.
    self.shape = shape ?? (isLegacy ? legacy.map { $0 ?? 0 } : [count])
    self.type = type
    guard try Tensor.elementCount(of: self.shape) == count else {
      throw ZooError(.badData, "a blob of shape \(self.shape) has \(count) elements")
    }
    source =
      chunks.count == 1 ? MappedTensor(file: file, range: chunks[0]) : ScatteredTensor(file: file, chunks: chunks)
  }

  private static func shape(_ file: MappedFile, _ range: Range<Int>) throws -> [Int] {
    var cursor = WireCursor(file.bytes, range)
    var shape: [Int] = []
    while let field = try cursor.next() {
      guard field.number == 1 else { continue }
      if field.wireType == .varint {
        shape.append(try extent(file, field.value))
      } else if field.wireType == .delimited {
        var list = WireCursor(file.bytes, field.value)
        while list.offset < list.end { shape.append(try extent(list.varint())) }
      }
      guard shape.count <= 32 else { throw ZooError(.badData, "a blob has more than Caffe's 32 axes") }
    }
    return shape
  }

  private static func extent(_ file: MappedFile, _ range: Range<Int>) throws -> Int {
    var cursor = WireCursor(file.bytes, range)
    return try extent(cursor.varint())
  }

  private static func extent(_ number: UInt64) throws -> Int {
    guard let extent = Int32(exactly: number) else {
      throw ZooError(.badData, "a blob's extent is \(Int64(bitPattern: number)), which can't be")
    }
    return Int(extent)
  }
}

/// A tensor whose elements lie in several pieces of a file.
private struct ScatteredTensor: TensorSource {
  let file: MappedFile
  let chunks: [Range<Int>]

  func checkUnchanged() throws { try file.checkUnchanged() }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    var position = 0
    for chunk in chunks {
      UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + chunk.count]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: file.bytes[chunk]))
      position += chunk.count
    }
  }
}
