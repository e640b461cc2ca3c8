import ZooCore
import Zip

extension HDF5Reader {
  /// The attributes of an object, by name.
  mutating func attributes(of header: HDF5Header) throws -> NameTable<HDF5Value> {
    var messages = header.messages.filter { $0.type == .attribute }.map(\.contents)
    if var info = header[.attributeInfo] {
      try info.skip(1)
      if try info.byte() & 1 != 0 { try info.skip(2) }
      if let heap = try address(&info), let index = try address(&info) {
        messages += try heapObjects(heap, index: index)
      }
    }
    var attributes = NameTable<HDF5Value>()
    for message in messages {
      let (name, value) = try attribute(message)
      guard attributes.add(name, value) else {
        throw ZooError(.badData, "two attributes have one name", at: name)
      }
    }
    return attributes
  }

  /// An attribute message (section IV.A.2.m).
  private mutating func attribute(_ message: ByteCursor) throws -> (String, HDF5Value) {
    var cursor = message
    let version = try cursor.byte()
    guard (1...3).contains(version) else {
      throw ZooError(.unsupported, "version \(version) of HDF5's attributes is unknown")
    }
    let flags = try cursor.byte()
    let sizes = (name: try cursor.half(), type: try cursor.half(), space: try cursor.half())
    if version == 3 { try cursor.skip(1) }

    func part(_ size: Int) throws -> ByteCursor {
      let range = try cursor.take(size)
      if version == 1 { try cursor.skip(min((8 - size % 8) % 8, cursor.remaining)) }
      return ByteCursor(UnsafeRawBufferPointer(rebasing: cursor.bytes[..<range.upperBound]), at: range.lowerBound)
    }
    var nameBytes = try part(sizes.name)
    let name = try nameBytes.text(upTo: sizes.name)
    let (kind, space) = (try part(sizes.type), try part(sizes.space))
    guard version == 1 || flags & 3 == 0 else { return (name, .other) }
    do {
      let type = try HDF5Type(kind)
      let shape = try shape(space)
      let count = try Tensor.elementCount(of: shape)
      switch type.form {
      case .text, .textReference: break
      default: return (name, .other)
      }
      let (byteCount, overflow) = count.multipliedReportingOverflow(by: type.size)
      guard !overflow else { throw ZooError(.badData, "an attribute is too large") }
      let range = try cursor.take(byteCount)
      var texts: [String] = []
      for index in 0..<count {
        let start = range.lowerBound + index * type.size
        let element = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<(start + type.size)]), at: start)
        texts.append(try text(element, type))
      }
      return (name, shape.isEmpty ? .text(texts[0]) : .texts(texts))
    } catch let error as ZooError {
      throw error.located("attribute \"\(name)\"")
    }
  }

  private mutating func text(_ element: ByteCursor, _ type: HDF5Type) throws -> String {
    var element = element
    guard case .textReference = type.form else {
      let text = try element.text(upTo: type.size)
      return text
    }
    let length = try element.word()
    guard let heap = try address(&element), length > 0 else { return "" }
    let object = try heapObject(heap, element.word())
    guard length <= object.count else { throw ZooError(.badData, "a text is longer than its place") }
    var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: object[..<length]))
    return try cursor.text(upTo: length)
  }
}
