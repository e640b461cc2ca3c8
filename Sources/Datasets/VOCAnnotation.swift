import CExpat
import ZooCore

/// Reads the objects of an annotation.
final class VOCAnnotation {
  private var objects: [PascalVOC.Object] = []
  private var path: [String] = []
  private var fields: [String: String] = [:]
  private var text: [UInt8] = []
  private var failure: String?
  private let parser: XML_Parser

  static func objects(in bytes: [UInt8], at location: String) throws -> [PascalVOC.Object] {
    // Entities of other files are left out; expat bounds what those of the file itself grow to.
    guard let parser = XML_ParserCreate(nil), let length = Int32(exactly: bytes.count) else {
      throw ZooError(.badData, "there is no memory for so long a document", at: location)
    }
    defer { XML_ParserFree(parser) }
    let reader = VOCAnnotation(parser)
    let isWhole = withExtendedLifetime(reader) {
      bytes.withUnsafeBytes { bytes in
        XML_Parse(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), length, 1) == XML_STATUS_OK
      }
    }
    if let failure = reader.failure { throw ZooError(.badData, failure, at: location) }
    guard isWhole else { throw ZooError(.badData, "this is no XML document", at: location) }
    return reader.objects
  }

  private init(_ parser: XML_Parser) {
    self.parser = parser
    XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    XML_SetElementHandler(
      parser, { context, name, _ in VOCAnnotation.of(context)?.begin(name.map { String(cString: $0) } ?? "") },
      { context, name in VOCAnnotation.of(context)?.end(name.map { String(cString: $0) } ?? "") })
    XML_SetCharacterDataHandler(parser) { context, characters, count in
      characters?.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
        VOCAnnotation.of(context)?.text += UnsafeBufferPointer(start: $0, count: Int(count))
      }
    }
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> VOCAnnotation? {
    context.map { Unmanaged<VOCAnnotation>.fromOpaque($0).takeUnretainedValue() }
  }

  private func begin(_ name: String) {
    if path.count == 1, name == "object" { fields = [:] }
    path.append(name)
    text = []
  }

  private func end(_ name: String) {
    // Elements that were open when the parser was stopped are still told to end.
    guard failure == nil, !path.isEmpty else { return }
    // annotation/object/name, annotation/object/bndbox/xmin; parts of objects lie deeper.
    if path.count > 2, path[1] == "object" { fields[path[2...].joined(separator: "/")] = trimmedText }
    if path.count == 2, name == "object" { finish() }
    path.removeLast()
  }

  private var trimmedText: String {
    let scalars = String(decoding: text, as: UTF8.self).unicodeScalars.drop { $0.properties.isWhitespace }
    guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(scalars[...last])
  }

  private func finish() {
    let corners = ["xmin", "ymin", "xmax", "ymax"].map { Float(fields["bndbox/\($0)"] ?? "") ?? .nan }
    guard let label = fields["name"], !label.isEmpty, corners.allSatisfy(\.isFinite) else {
      failure = "object \(objects.count + 1) has no name or no box"
      XML_StopParser(parser, XML_Bool(XML_FALSE))
      return
    }
    objects.append(
      PascalVOC.Object(
        label: label, left: corners[0] - 1, top: corners[1] - 1, right: corners[2], bottom: corners[3],
        isDifficult: fields["difficult"] == "1"))
  }
}
