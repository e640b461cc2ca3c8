import Files
import ZooCore

/// Writes encoded messages and tensors to files, one tensor in memory at a time.
enum MessageWriter {
  /// Writes `message` with its tensors' elements.
  static func write(_ message: MessageEncoder, to file: NewFile) throws {
    try message.bytes.withUnsafeBytes { bytes in
      var position = 0
      for hole in message.holes {
        try file.append(UnsafeRawBufferPointer(rebasing: bytes[position..<hole.offset]))
        try write(hole.tensor, to: file)
        position = hole.offset
      }
      try file.append(UnsafeRawBufferPointer(rebasing: bytes[position...]))
    }
  }

  /// Writes the tensors of the external file.
  static func write(_ placement: ExternalPlacement, to file: NewFile) throws {
    for (offset, tensor) in placement.tensors {
      try file.skip(to: offset)
      try write(tensor, to: file)
    }
  }

  private static func write(_ stored: StoredTensor, to file: NewFile) throws {
    let tensor = try stored.load()
    guard tensor.byteCount == stored.byteCount else {
      throw ZooError(.defect, "a tensor of \(stored.byteCount) bytes was loaded with \(tensor.byteCount)")
    }
    try tensor.withUnsafeBytes { try file.append($0) }
  }
}
