import ZooCore
import Zip

/// An object's header: its messages (section IV.A of the specification).
struct HDF5Header {
  enum Kind: Int {
    case dataspace = 0x01
    case linkInfo = 0x02
    case datatype = 0x03
    case oldFillValue = 0x04
    case fillValue = 0x05
    case link = 0x06
    case externalFiles = 0x07
    case layout = 0x08
    case filters = 0x0B
    case attribute = 0x0C
    case continuation = 0x10
    case symbolTable = 0x11
    case attributeInfo = 0x15
  }

  struct Message {
    let type: Kind
    let contents: ByteCursor
  }

  private(set) var messages: [Message] = []

  /// The contents of the first message of that kind.
  subscript(kind: Kind) -> ByteCursor? { messages.first { $0.type == kind }?.contents }

  init(at address: Int, _ reader: inout HDF5Reader) throws {
    var start = try reader.cursor(address, 4)
    if start.bytes[start.offset] == UInt8(ascii: "O") {
      try start.signature("OHDR")
      try readNew(at: address, &reader)
    } else {
      try readOld(at: address, &reader)
    }
  }

  /// Version 1.
  private mutating func readOld(at address: Int, _ reader: inout HDF5Reader) throws {
    var head = try reader.cursor(address, 16)
    let version = try head.byte()
    guard version == 1 else {
      throw ZooError(.badData, "no object is where one should be", at: "byte \(address)")
    }
    try head.skip(1)
    var left = try head.half()
    try head.skip(4)
    var blocks = [(address: address + 16, count: try head.word())]
    while let block = blocks.popLast() {
      var cursor = try reader.cursor(block.address, block.count)
      while left > 0, cursor.remaining >= 8 {
        left -= 1
        let type = try cursor.half()
        let size = try cursor.half()
        let flags = try cursor.byte()
        try cursor.skip(3)
        try add(type, flags, cursor.take(size), cursor.bytes, &reader, &blocks)
      }
    }
  }

  /// Version 2.
  private mutating func readNew(at address: Int, _ reader: inout HDF5Reader) throws {
    var head = try reader.cursor(address, min(64, reader.bytes.count - address))
    try head.skip(4)
    let version = try head.byte()
    guard version == 2 else { throw ZooError(.unsupported, "version \(version) of HDF5's object headers is unknown") }
    let flags = try head.byte()
    if flags & 0x20 != 0 { try head.skip(16) }
    if flags & 0x10 != 0 { try head.skip(4) }
    guard let size = Int(exactly: try head.unsigned(1 << (flags & 3))) else {
      throw ZooError(.badData, "an object's header is too large", at: "byte \(address)")
    }
    let headSize = flags & 4 != 0 ? 6 : 4
    var blocks = [(address: head.offset, count: size)]
    var isFirst = true
    while let block = blocks.popLast() {
      var cursor = try reader.cursor(block.address, block.count)
      if !isFirst {
        // Continuations have a signature and end in a checksum.
        try cursor.signature("OCHK")
        cursor = try reader.cursor(block.address + 4, max(block.count - 8, 0))
      }
      isFirst = false
      while cursor.remaining >= headSize {
        let type = try cursor.byte()
        let size = try cursor.half()
        let messageFlags = try cursor.byte()
        if flags & 4 != 0 { try cursor.skip(2) }
        try add(type, messageFlags, cursor.take(size), cursor.bytes, &reader, &blocks)
      }
    }
  }

  private mutating func add(
    _ number: Int, _ flags: Int, _ range: Range<Int>, _ bytes: UnsafeRawBufferPointer, _ reader: inout HDF5Reader,
    _ blocks: inout [(address: Int, count: Int)]
  ) throws {
    guard let type = Kind(rawValue: number) else { return }
    guard flags & 2 == 0 else {
      throw ZooError(
        .unsupported, "an object shares a part of its description with others", at: "byte \(range.lowerBound)",
        advice: "write the file without committed types")
    }
    var contents = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]), at: range.lowerBound)
    guard type == .continuation else { return messages.append(Message(type: type, contents: contents)) }
    guard let address = try reader.address(&contents) else { throw ZooError(.badData, "a header leads nowhere") }
    blocks.append((address, try reader.length(&contents)))
  }
}
