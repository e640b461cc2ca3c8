import Wire
import ZooCore

/// A protobuf message under construction, with holes where tensors' elements go.
///
/// The elements are left out because they may be many gigabytes: their sizes are known, so that all lengths are right,
/// and `MessageWriter` fetches them one tensor after another.
struct MessageEncoder {
  /// The elements of `tensor` belong in front of the byte `offset` of `bytes`.
  struct Hole {
    var offset: Int
    let tensor: StoredTensor
  }

  private(set) var bytes: [UInt8] = []
  private(set) var holes: [Hole] = []
  private var holesByteCount: UInt64 = 0

  /// Bytes of the whole message.
  var byteCount: UInt64 { Self.sum(UInt64(bytes.count), holesByteCount) }

  /// Leaves zero out, as protobuf's defaults are.
  mutating func integer(_ number: Int32, _ value: Int64) {
    if value != 0 { requiredInteger(number, value) }
  }

  mutating func requiredInteger(_ number: Int32, _ value: Int64) {
    bytes.appendTag(number, .varint)
    bytes.appendVarint(UInt64(bitPattern: value))
  }

  mutating func float(_ number: Int32, _ value: Float) {
    bytes.appendTag(number, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Leaves empty texts out.
  mutating func text(_ number: Int32, _ value: String) {
    if !value.isEmpty { requiredText(number, value) }
  }

  mutating func requiredText(_ number: Int32, _ value: String) {
    var value = value
    value.withUTF8 { delimited(number, UnsafeRawBufferPointer($0)) }
  }

  mutating func data(_ number: Int32, _ value: [UInt8]) {
    value.withUnsafeBytes { delimited(number, $0) }
  }

  private mutating func delimited(_ number: Int32, _ value: UnsafeRawBufferPointer) {
    bytes.appendTag(number, .delimited)
    bytes.appendVarint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A message inside this one, which `encode` fills.
  mutating func message(_ number: Int32, _ encode: (inout MessageEncoder) throws -> Void) rethrows {
    var inner = MessageEncoder()
    try encode(&inner)
    bytes.appendTag(number, .delimited)
    bytes.appendVarint(inner.byteCount)
    for hole in inner.holes { holes.append(Hole(offset: bytes.count + hole.offset, tensor: hole.tensor)) }
    bytes.append(contentsOf: inner.bytes)
    holesByteCount = Self.sum(holesByteCount, inner.holesByteCount)
  }

  /// The elements of `tensor`, which are not strings, as a field of bytes.
  mutating func elements(_ number: Int32, _ tensor: StoredTensor) {
    bytes.appendTag(number, .delimited)
    bytes.appendVarint(UInt64(tensor.byteCount))
    holes.append(Hole(offset: bytes.count, tensor: tensor))
    holesByteCount = Self.sum(holesByteCount, UInt64(tensor.byteCount))
  }

  mutating func properties(_ number: Int32, _ properties: [Property]) {
    for property in properties {
      message(number) {
        $0.requiredText(1, property.key)
        $0.requiredText(2, property.value)
      }
    }
  }

  mutating func unknownFields(_ fields: [UnknownField]) {
    for field in fields {
      bytes.appendVarint(UInt64(UInt32(bitPattern: field.number)) << 3 | UInt64(field.wireType & 7))
      bytes.append(contentsOf: field.bytes)
    }
  }

  private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
