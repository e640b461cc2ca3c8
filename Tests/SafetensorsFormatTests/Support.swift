import Foundation
import SafetensorsFormat
import TestSupport
import ZooCore
import TensorFiles

/// The bytes of a file with that header.
func file(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  return withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8) + data
}

/// What is read of `bytes`, all tensors loaded.
func read(_ bytes: [UInt8]) throws -> TensorFile {
  try withFolder { folder in
    let path = "\(folder)/a.safetensors"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let file = try SafetensorsFormat.read(path)
    for tensor in file.tensors { _ = try tensor.tensor.load() }
    return file
  }
}
