import CPackageSchema
import CProtobufC
import ZooCore

/// Looks through a `zoo.Model` before protobuf-c unpacks it, which recurses into nested messages, cuts text at a NUL and
/// merges fields that are given twice.
struct MessageCheck {
  static let tooDeep = ZooError(
    .badData, "graphs, attributes or types are nested more than \(Layout.depthLimit) messages deep",
    advice: "such a model can't be packed; flatten its subgraphs")

  /// - Throws: `ZooError` (`badData`)
  static func check(_ message: UnsafeRawBufferPointer) throws {
    // A fresh message knows where its descriptor lies.
    var model = Zoo__Model()
    zoo__model__init(&model)
    // The package is the first level.
    try check(message, model.base.descriptor, depth: 2)
  }

  private static func check(
    _ message: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int
  ) throws {
    guard depth <= Layout.depthLimit else { throw tooDeep }
    func damaged(_ what: String) -> ZooError {
      ZooError(.badData, what, at: String(cString: descriptor.pointee.name))
    }
    var reader = WireReader(message)
    var seen: Set<Int> = []
    while !reader.isAtEnd {
      guard let field = reader.next() else { throw damaged("is no protobuf message") }
      guard let known = protobuf_c_message_descriptor_get_field(descriptor, UInt32(field.number)) else { continue }
      if known.pointee.label != PROTOBUF_C_LABEL_REPEATED && !seen.insert(field.number).inserted {
        throw damaged("the field \(String(cString: known.pointee.name)) is given twice")
      }
      guard case .bytes(let range) = field.value else { continue }
      let bytes = UnsafeRawBufferPointer(rebasing: message[range])
      if known.pointee.type == PROTOBUF_C_TYPE_MESSAGE {
        try check(
          bytes, known.pointee.descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self),
          depth: depth + 1)
      } else if known.pointee.type == PROTOBUF_C_TYPE_STRING, bytes.contains(0) {
        throw damaged("the text \(String(cString: known.pointee.name)) holds a NUL")
      }
    }
  }
}
