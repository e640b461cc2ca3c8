import Foundation
import TestSupport
import ZooCore

private let folder = URL(filePath: #filePath).deletingLastPathComponent()

/// Files that `numpy_files.py arrays` wrote.
let fixtures = folder.appending(path: "Fixtures").path
let script = folder.appending(path: "numpy_files.py").path

func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

/// An array file with the given header text and data.
func array(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
  let length = header.utf8.count
  return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + data
}

extension NamedTensor {
  /// The line that `numpy_files.py show` prints for such an array.
  func line() throws -> String {
    let names: [ElementType: String] = [
      .bool: "b1", .int8: "i1", .int16: "i2", .int32: "i4", .int64: "i8", .uint8: "u1", .uint16: "u2", .uint32: "u4",
      .uint64: "u8", .float16: "f2", .float32: "f4", .float64: "f8", .complex64: "c8", .complex128: "c16",
      .bfloat16: "V2",
    ]
    let shape = tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "x")
    let data = try tensor.load().withUnsafeBytes { Array($0) }
    let digits = data.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    return "\(name)|\(names[tensor.type] ?? tensor.type.name)|\(shape)|\(digits.isEmpty ? "-" : digits)"
  }
}
