/// Names of files are bytes, texts are Unicode: a byte that is no UTF-8 becomes a character for private use (U+10FE80 to
/// U+10FEFF), which no other name's text holds, and that byte again where the system is asked for the file.
extension String {
  /// The text of a file's name, which `fileName` makes the same bytes of.
  package init(fileName bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: { $0.fileNameByte != nil })
    {
      self = text
      return
    }
    var text = ""
    var rest = Array(bytes)[...]
    while let byte = rest.first {
      let length = Self.sequenceLength(byte)
      if length > 0, let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first,
        scalar.fileNameByte == nil
      {
        text.unicodeScalars.append(scalar)
        rest = rest.dropFirst(length)
      } else {
        text.unicodeScalars.append(Unicode.Scalar(fileNameByte: byte))
        rest = rest.dropFirst()
      }
    }
    self = text
  }

  /// As `init(fileName:)`, of bytes that end with a zero.
  package init(cFileName bytes: UnsafePointer<CChar>) {
    var count = 0
    while bytes[count] != 0 { count += 1 }
    self = bytes.withMemoryRebound(to: UInt8.self, capacity: count) { start in
      String(fileName: UnsafeBufferPointer(start: start, count: count))
    }
  }

  /// The bytes by which the system knows the file of this name, with a zero after them.
  package var fileName: [CChar] {
    var bytes: [CChar] = []
    bytes.reserveCapacity(utf8.count + 1)
    for scalar in unicodeScalars {
      if let byte = scalar.fileNameByte {
        bytes.append(CChar(bitPattern: byte))
      } else {
        for unit in UTF8.encode(scalar).unsafelyUnwrapped { bytes.append(CChar(bitPattern: unit)) }
      }
    }
    bytes.append(0)
    return bytes
  }

  /// How many bytes the sequence has that begins so; 0 for what begins none.
  private static func sequenceLength(_ byte: UInt8) -> Int {
    switch byte {
    case 0..<0x80: 1
    case 0xC2..<0xE0: 2
    case 0xE0..<0xF0: 3
    case 0xF0..<0xF5: 4
    default: 0
    }
  }
}

extension Unicode.Scalar {
  private static let firstFileNameByte: UInt32 = 0x10FE00

  fileprivate init(fileNameByte byte: UInt8) {
    self = Unicode.Scalar(Self.firstFileNameByte + UInt32(byte)).unsafelyUnwrapped
  }

  /// The byte of a file's name that the character stands for.
  package var fileNameByte: UInt8? {
    guard 0x80...0xFF ~= value &- Self.firstFileNameByte else { return nil }
    return UInt8(value - Self.firstFileNameByte)
  }
}
