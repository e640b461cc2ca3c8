import Foundation
import ZooCore

private let folder = URL(filePath: #filePath).deletingLastPathComponent()

/// Files that `numpy_files.py arrays` wrote.
let fixtures = folder.appending(path: "Fixtures").path
let script = folder.appending(path: "numpy_files.py").path

/// Whether the Python that the Makefile sets up is there, with NumPy.
let hasNumPy = (try? python("-c", "import numpy")) != nil

/// Runs Python and returns what it prints.
@discardableResult func python(_ arguments: String...) throws -> String {
  let process = Process()
  process.executableURL = folder.appending(path: "../../.venv/bin/python3").standardized
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  return String(decoding: data, as: UTF8.self)
}

func bytes(of path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

/// Runs `body` with a folder that is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}

/// The error that `body` throws; `nil` when it does not.
func error(_ body: () throws -> some Any) -> ZooError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? ZooError
  }
}

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
