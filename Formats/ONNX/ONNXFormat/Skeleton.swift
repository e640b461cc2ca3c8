import CONNXSchema
import CProtobufC
import Wire
import ZooCore

/// A message without its tensors' elements, small enough for libprotobuf-c to unpack.
///
/// Walks the message by its schema before libprotobuf-c sees it, and bounds what that costs: the depth of its
/// recursion, and how much memory it takes. Each tensor's payload is replaced by a reference to the tensor's place in the
/// file, and lists of numbers are packed, which many writers don't: libprotobuf-c notes each field of a message.
struct Skeleton {
  /// As deep as protobuf's own parsers go.
  private static let maximumDepth = 100
  private static let maximumByteCount = Int(Int32.max)
  /// How much memory the message may take, apart from and in proportion to the file. Small nodes take 25 times their
  /// bytes.
  private static let allowance = (slack: 1 << 28, ratio: 32)
  /// What libprotobuf-c and this reader take for a field besides its bytes: a note, a pointer, an allocation or two.
  private static let fieldByteCount = 96

  private(set) var bytes: [UInt8] = []
  private let file: UnsafeRawBufferPointer
  private let tensorDescriptor = TensorReference.descriptor
  /// Bytes that the message still may take.
  private var budget: Int

  /// The skeleton of the message of type `descriptor` that `file` holds.
  ///
  /// - Throws: `ZooError` (`badData`) where the message is damaged or beyond the limits.
  init(of file: UnsafeRawBufferPointer, descriptor: UnsafePointer<ProtobufCMessageDescriptor>) throws {
    self.file = file
    let (product, overflow) = file.count.multipliedReportingOverflow(by: Self.allowance.ratio)
    budget = overflow ? .max : Self.allowance.slack.addingReportingOverflow(product).partialValue
    try copy(0..<file.count, descriptor: descriptor, depth: 1)
  }

  private mutating func copy(
    _ range: Range<Int>, descriptor: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int
  ) throws {
    guard depth <= Self.maximumDepth else { throw excess("nests more than \(Self.maximumDepth) messages", at: range) }
    try take(Int(descriptor.pointee.sizeof_message), at: range)
    let isTensor = descriptor == tensorDescriptor
    var seen: Set<Int32> = []
    var cursor = WireCursor(file, range)
    while let field = try cursor.next() {
      if isTensor, TensorPayload.Field(rawValue: field.number) != nil {
        try check(field, protobuf_c_message_descriptor_get_field(descriptor, UInt32(field.number)))
        continue
      }
      try take(Self.fieldByteCount, at: field.whole)
      let known = protobuf_c_message_descriptor_get_field(descriptor, UInt32(field.number))
      try check(field, known)
      if let known, known.pointee.type == PROTOBUF_C_TYPE_MESSAGE, let inner = known.pointee.descriptor {
        // Protobuf would merge the two, which no writer of ONNX asks for.
        guard known.pointee.label == PROTOBUF_C_LABEL_REPEATED || seen.insert(field.number).inserted else {
          throw ZooError(
            .badData, "the single field \(name(of: known)) occurs twice", at: "byte \(field.whole.lowerBound)")
        }
        bytes.appendTag(field.number, .delimited)
        // Five bytes always, since the length is known only afterwards.
        let length = bytes.count
        bytes.append(contentsOf: [0, 0, 0, 0, 0])
        try copy(
          field.value, descriptor: inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), depth: depth + 1)
        patch(length, with: bytes.count - length - 5)
      } else if let known, known.pointee.label == PROTOBUF_C_LABEL_REPEATED, field.wireType != .delimited {
        try packNumbers(field, &cursor)
      } else {
        if field.wireType == .delimited { try take(8 * field.value.count, at: field.whole) }
        bytes.append(contentsOf: file[field.whole])
      }
      guard bytes.count <= Self.maximumByteCount else {
        throw excess("holds more than \(Self.maximumByteCount) bytes besides its tensors", at: field.whole)
      }
    }
    if isTensor { bytes.append(contentsOf: TensorReference(range: range).field) }
  }

  /// Writes `first` and what follows of its list as one field.
  private mutating func packNumbers(_ first: WireField, _ cursor: inout WireCursor) throws {
    bytes.appendTag(first.number, .delimited)
    let length = bytes.count
    bytes.append(contentsOf: [0, 0, 0, 0, 0])
    var value: Range<Int>? = first.value
    while let number = value {
      bytes.append(contentsOf: file[number])
      try take(8, at: number)
      value = try cursor.next(ofField: first.number, first.wireType)
    }
    patch(length, with: bytes.count - length - 5)
  }

  private mutating func take(_ byteCount: Int, at range: Range<Int>) throws {
    budget -= byteCount
    guard budget >= 0 else {
      throw excess("takes memory out of proportion to its \(file.count) bytes", at: range)
    }
  }

  /// Checks that a field is written as its type says: libprotobuf-c would give up without saying where.
  private func check(_ field: WireField, _ known: UnsafePointer<ProtobufCFieldDescriptor>?) throws {
    guard let known else { return }
    let natural: WireType =
      switch known.pointee.type {
      case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: .fixed32
      case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: .fixed64
      case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: .delimited
      default: .varint
      }
    // Lists of numbers come packed or one by one, whatever the schema says.
    let packed = known.pointee.label == PROTOBUF_C_LABEL_REPEATED && field.wireType == .delimited
    guard field.wireType == natural || packed else {
      throw ZooError(
        .badData, "the field \(name(of: known)) is written as \(field.wireType), not as \(natural)",
        at: "byte \(field.whole.lowerBound)", advice: "the file is damaged or not an ONNX file")
    }
  }

  private func name(of field: UnsafePointer<ProtobufCFieldDescriptor>) -> String {
    String(cString: field.pointee.name)
  }

  private mutating func patch(_ position: Int, with length: Int) {
    for index in 0..<5 {
      bytes[position + index] = UInt8(truncatingIfNeeded: length >> (7 * index)) & 0x7f | (index < 4 ? 0x80 : 0)
    }
  }

  private func excess(_ message: String, at range: Range<Int>) -> ZooError {
    ZooError(.badData, "the file \(message)", at: "byte \(range.lowerBound)")
  }
}

/// Where a tensor's message lies in the file; a skeleton carries it in the place of `raw_data`.
struct TensorReference {
  let range: Range<Int>

  static var descriptor: UnsafePointer<ProtobufCMessageDescriptor>? {
    var message = Onnx__TensorProto()
    onnx__tensor_proto__init(&message)
    return message.base.descriptor
  }

  init(range: Range<Int>) { self.range = range }

  /// The reference in the skeleton's `raw_data`; `nil` where there is none.
  init?(_ data: ProtobufCBinaryData) {
    guard data.len == 16, let bytes = UnsafeRawPointer(data.data) else { return nil }
    range = bytes.loadUnaligned(as: Int.self)..<bytes.loadUnaligned(fromByteOffset: 8, as: Int.self)
  }

  /// The field `raw_data` with the reference.
  var field: [UInt8] {
    var bytes: [UInt8] = [UInt8(TensorPayload.Field.raw.rawValue << 3) | WireType.delimited.rawValue, 16]
    withUnsafeBytes(of: range.lowerBound) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: range.upperBound) { bytes.append(contentsOf: $0) }
    return bytes
  }
}
