import CProtobufC
import ZooCore

/// Memory for protobuf-c's structures while a message is put together; freed as a whole.
final class MessageArena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// A structure that `initialize` (protobuf-c's `…__init`) prepared.
  func make<Message>(
    _ empty: Message, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
  ) -> UnsafeMutablePointer<Message> {
    let message = allocate(Message.self, 1)
    message.initialize(to: empty)
    initialize(message)
    return message
  }

  /// Text with a NUL at its end; `nil`, an absent field, for an empty one.
  ///
  /// - Throws: `ZooError` (`badData`) for text with a NUL inside, which C can't hold.
  func text(_ text: String) throws -> UnsafeMutablePointer<CChar>? {
    text.isEmpty ? nil : try present(text)
  }

  /// As `text`, but an empty text is there.
  func present(_ text: String) throws -> UnsafeMutablePointer<CChar> {
    let bytes = text.utf8
    guard !bytes.contains(0) else {
      throw ZooError(.badData, "the text \"\(text.prefix(40).debugDescription)\" holds a NUL", advice: "rename it")
    }
    let copy = allocate(CChar.self, bytes.count + 1)
    for (index, byte) in bytes.enumerated() { (copy + index).initialize(to: CChar(bitPattern: byte)) }
    (copy + bytes.count).initialize(to: 0)
    return copy
  }

  /// Bytes of their own.
  func bytes(_ source: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
    let copy = allocate(UInt8.self, max(source.count, 1))
    UnsafeMutableRawPointer(copy).copyMemory(
      from: source.baseAddress ?? UnsafeRawPointer(copy), byteCount: source.count)
    return ProtobufCBinaryData(len: source.count, data: copy)
  }

  func bytes(_ source: [UInt8]) -> ProtobufCBinaryData { source.withUnsafeBytes { bytes($0) } }

  /// A repeated field.
  func list<Element, Field>(
    _ elements: [Element], _ convert: (Element) throws -> Field
  ) rethrows -> (count: Int, start: UnsafeMutablePointer<Field>?) {
    guard !elements.isEmpty else { return (0, nil) }
    let fields = allocate(Field.self, elements.count)
    for (index, element) in elements.enumerated() { (fields + index).initialize(to: try convert(element)) }
    return (elements.count, fields)
  }

  private func allocate<Value>(_: Value.Type, _ count: Int) -> UnsafeMutablePointer<Value> {
    let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
    blocks.append(UnsafeMutableRawPointer(values))
    return values
  }
}
