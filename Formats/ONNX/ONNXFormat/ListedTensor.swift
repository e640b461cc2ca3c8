import Files
import Wire
import ZooCore

/// A tensor whose elements stand in one of TensorProto's typed lists; read from the mapped file on demand.
struct ListedTensor: TensorSource {
  let file: MappedFile
  /// The TensorProto's place in the file.
  let message: Range<Int>

  func checkUnchanged() throws { try file.checkUnchanged() }

  /// Entries of its list that a tensor needs.
  static func entryCount(type: ElementType, byteCount: Int, elementCount: Int) -> Int {
    type == .string || type.bitWidth == 6 ? elementCount : byteCount / width(of: type)
  }

  /// Bytes of the tensor that one entry of its list carries: an element, a part of a complex one, or the byte that
  /// several elements share. Elements of six bits have an entry each, although bytes share them.
  private static func width(of type: ElementType) -> Int {
    switch type {
    case .complex64: 4
    case .complex128: 8
    default: max(1, type.bitWidth / 8)
    }
  }

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    guard type == .string else {
      return try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) }
    }
    var strings: [[UInt8]] = []
    try TensorPayload.forEachChunk(in: file.bytes, message: message) { field, chunk in
      if field == .strings { strings.append(Array(file.bytes[chunk.value])) }
    }
    return try Tensor(strings: strings, shape: shape)
  }

  func read(into destination: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let width = Self.width(of: type)
    let list = TensorPayload.Field(holding: type)
    if type.bitWidth == 6 { return try readSixBits(into: destination) }
    var position = 0
    try TensorPayload.forEachChunk(in: file.bytes, message: message) { field, chunk in
      guard field == list else { return }
      let source = UnsafeRawBufferPointer(rebasing: file.bytes[chunk.value])
      switch list {
      case .floats, .doubles:
        UnsafeMutableRawBufferPointer(rebasing: destination[position...]).copyMemory(from: source)
        position += source.count
      default:
        var cursor = WireCursor(file.bytes, chunk.value)
        while cursor.offset < cursor.end {
          let value = try cursor.varint()
          // The low bytes, which are the first: protobuf and ONNX are little-endian, and so is every supported CPU.
          withUnsafeBytes(of: type == .bool ? (value == 0 ? 0 : 1) : value) { bytes in
            UnsafeMutableRawBufferPointer(rebasing: destination[position...]).copyMemory(
              from: UnsafeRawBufferPointer(rebasing: bytes.prefix(width)))
          }
          position += width
        }
      }
    }
  }

  /// Packs the entries as raw data has them: four elements in three bytes, the first in the lowest bits.
  private func readSixBits(into destination: UnsafeMutableRawBufferPointer) throws {
    _ = destination.initializeMemory(as: UInt8.self, repeating: 0)
    var bit = 0
    try TensorPayload.forEachChunk(in: file.bytes, message: message) { field, chunk in
      guard field == .int32s else { return }
      var cursor = WireCursor(file.bytes, chunk.value)
      while cursor.offset < cursor.end {
        let element = try cursor.varint()
        guard element < 64 else { throw ZooError(.badData, "\(element) is no element of six bits") }
        let shifted = UInt16(element) << (bit % 8)
        destination[bit / 8] |= UInt8(truncatingIfNeeded: shifted)
        if bit % 8 > 2 { destination[bit / 8 + 1] |= UInt8(shifted >> 8) }
        bit += 6
      }
    }
  }
}
