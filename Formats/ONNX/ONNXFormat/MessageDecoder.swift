import CONNXSchema
import CProtobufC
import Files
import ZooCore

/// Turns the messages that libprotobuf-c unpacked into ZooCore's values: what all messages share.
///
/// Every other file `…Decoder.swift` adds the messages of one kind.
struct MessageDecoder {
  let file: MappedFile
  /// `nil` where a tensor can't be external.
  let external: ExternalFiles?
  let sparse = SparseAllowance()

  /// Runs `body`, and puts `place` in front of its error's location.
  func located<Result>(_ place: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as ZooError { throw error.located(place()) }
  }

  func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
  }

  func text(_ data: ProtobufCBinaryData) throws -> String {
    let bytes = UnsafeBufferPointer(start: data.data, count: data.len)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ZooError(
        .badData, "a text is not UTF-8: \"\(String(decoding: bytes.prefix(80), as: UTF8.self))\"",
        advice: "the file is damaged or not an ONNX file")
    }
    return text
  }

  func texts(_ list: UnsafePointer<ProtobufCBinaryData>?, _ count: Int) throws -> [String] {
    try UnsafeBufferPointer(start: list, count: count).map(text)
  }

  /// The list of messages at `list`, each turned into a value.
  func map<Message, Value>(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int, _ place: String,
    _ decode: (Message) throws -> Value
  ) throws -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(count)
    for (index, message) in UnsafeBufferPointer(start: list, count: count).enumerated() {
      guard let message else { throw ZooError(.defect, "libprotobuf-c left a message out", at: place) }
      try located("\(place) \(index)") { values.append(try decode(message.pointee)) }
    }
    return values
  }

  func properties(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?, _ count: Int
  ) throws -> [Property] {
    try map(list, count, "property") {
      try refuseUnknownFields($0.base)
      return try Property(key: text($0.key), value: text($0.value))
    }
  }

  func operatorSets(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__OperatorSetIdProto>?>?, _ count: Int
  ) throws -> [OperatorSet] {
    try map(list, count, "operator set") {
      try refuseUnknownFields($0.base)
      return try OperatorSet(domain: text($0.domain), version: $0.version)
    }
  }

  /// The fields of a message that the schema does not have.
  func unknownFields(_ message: ProtobufCMessage) -> [UnknownField] {
    UnsafeBufferPointer(start: message.unknown_fields, count: Int(message.n_unknown_fields)).map {
      UnknownField(
        number: Int32(truncatingIfNeeded: $0.tag), wireType: UInt8(truncatingIfNeeded: $0.wire_type.rawValue),
        bytes: Array(UnsafeBufferPointer(start: $0.data, count: $0.len)))
    }
  }

  /// For messages that can't keep a field they don't know: losing it silently would break the promise to lose nothing.
  func refuseUnknownFields(_ message: ProtobufCMessage) throws {
    guard message.n_unknown_fields == 0 else {
      let name = message.descriptor.map { String(cString: $0.pointee.name) } ?? "the message"
      throw ZooError(
        .badData, "\(name) has the field \(message.unknown_fields.pointee.tag), which ONNX 1.23 does not",
        advice: "the file is damaged or newer than this software")
    }
  }
}
