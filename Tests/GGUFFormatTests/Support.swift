import Foundation
import GGUFFormat
import TestSupport
import ZooCore
import TensorFiles

private let here = URL(filePath: #filePath).deletingLastPathComponent()
let script = here.appending(path: "gguf_files.py").path

func bytes(of tensor: StoredTensor) throws -> [UInt8] { try tensor.load().withUnsafeBytes { Array($0) } }

/// Little-endian bytes of a number.
func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

func string(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

/// What reading `contents` as a file gives, all tensors loaded.
@discardableResult func read(_ contents: [UInt8]) throws -> TensorFile {
  let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf").path
  defer { unlink(path) }
  try Data(contents).write(to: URL(filePath: path))
  let file = try GGUFFormat.read(path)
  for item in file.tensors { _ = try item.tensor.load() }
  return file
}

/// A file by hand, with whatever it should lie about.
struct HandMadeFile {
  struct Tensor {
    var name = "w"
    var extents: [UInt64] = [4]
    var type: UInt32 = 0
    var offset: UInt64 = 0
  }

  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var valueCount: UInt64?
  /// Each with its key, type and contents.
  var values: [[UInt8]] = [string("general.architecture") + bytes(UInt32(8)) + string("odd")]
  var tensors = [Tensor()]
  var data = [UInt8](repeating: 1, count: 16)

  var contents: [UInt8] {
    var result = magic + bytes(version) + bytes(tensorCount ?? UInt64(tensors.count))
    result += bytes(valueCount ?? UInt64(values.count)) + values.flatMap { $0 }
    for tensor in tensors {
      result += string(tensor.name) + bytes(UInt32(tensor.extents.count)) + tensor.extents.flatMap { bytes($0) }
      result += bytes(tensor.type) + bytes(tensor.offset)
    }
    return result + [UInt8](repeating: 0, count: (32 - result.count % 32) % 32) + data
  }
}
