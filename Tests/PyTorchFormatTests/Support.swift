import Foundation
import PyTorchFormat
import ZooCore

/// A file of Fixtures/.
func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
}

/// What reading `bytes` as a checkpoint gives, all tensors loaded; an error's text says where.
func read(_ bytes: [UInt8]) throws -> Checkpoint {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pt").path
  defer { unlink(path) }
  guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { throw CocoaError(.fileWriteUnknown) }
  let checkpoint = try PyTorchFormat.read(path)
  for tensor in checkpoint.tensors { _ = try tensor.tensor.load() }
  return checkpoint
}

/// The error that reading `bytes` ends with, if it does.
func failure(_ bytes: [UInt8]) throws -> ZooError? {
  do {
    _ = try read(bytes)
    return nil
  } catch let error as ZooError {
    return error
  }
}

func contents(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: fixture(name)))) }

/// Little-endian bytes of a number.
func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// Pickles by hand.
enum Opcode {
  static let stop: [UInt8] = [UInt8(ascii: ".")]
  static let mark: [UInt8] = [UInt8(ascii: "(")]
  static let reduce: [UInt8] = [UInt8(ascii: "R")]
  static let tuple: [UInt8] = [UInt8(ascii: "t")]
  static let emptyTuple: [UInt8] = [UInt8(ascii: ")")]

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  static func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
  static func int(_ number: Int) -> [UInt8] { [0x8A, 8] + bytes(Int64(number)) }
  static func tuple(_ items: [[UInt8]]) -> [UInt8] { mark + items.flatMap { $0 } + tuple }

  /// A dictionary of one tensor, `w`, of float32 elements in the storage `0`.
  static func tensor(
    offset: Int = 0, shape: [Int] = [3], strides: [Int] = [1], count: Int = 3, key: String = "0",
    type: String = "FloatStorage"
  ) -> [UInt8] {
    let storage = tuple([text("storage"), global("torch", type), text(key), text("cpu"), int(count)])
    let rebuilt =
      global("torch._utils", "_rebuild_tensor_v2")
      + tuple([
        storage + [UInt8(ascii: "Q")], int(offset), tuple(shape.map(int)), tuple(strides.map(int)), [0x89],
        [UInt8(ascii: "}")],
      ]) + reduce
    return [0x80, 2, UInt8(ascii: "}")] + text("w") + rebuilt + [UInt8(ascii: "s")] + stop
  }
}

/// The older form around a pickle, with the given storages of float32.
func legacy(_ pickle: [UInt8], storages: [(key: String, values: [Float])] = []) -> [UInt8] {
  let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
  let version: [UInt8] = [0x80, 2, UInt8(ascii: "M"), 0xE9, 3, 0x2E]
  let system: [UInt8] = [0x80, 2, UInt8(ascii: "}"), 0x2E]
  let keys = [0x80, 2, UInt8(ascii: "]")] + Opcode.mark + storages.flatMap { Opcode.text($0.key) } + Array("e.".utf8)
  let data = storages.flatMap { bytes(Int64($0.values.count)) + $0.values.flatMap { bytes($0.bitPattern) } }
  return magic + version + system + pickle + keys + data
}

/// A zip archive by hand, with whatever it should lie about.
struct Archive {
  struct Entry {
    var name: String
    var contents: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var declaredSize: UInt32?
    var declaredCompressedSize: UInt32?
    var offset: UInt32?
    var localName: String?
  }
  var entries: [Entry]
  var declaredCount: UInt16?
  var directoryShift = 0

  init(_ entries: [(String, [UInt8])]) { self.entries = entries.map { Entry(name: $0, contents: $1) } }

  var bytes: [UInt8] {
    var result: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = entry.offset ?? UInt32(result.count)
      let size = entry.declaredSize ?? UInt32(entry.contents.count)
      let compressed = entry.declaredCompressedSize ?? UInt32(entry.contents.count)
      let local = entry.localName ?? entry.name
      func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] { PyTorchFormatTests.bytes(value) }
      let common = number(UInt16(20)) + number(entry.flags) + number(entry.method) + number(UInt32(0))
      let sizes = number(UInt32(0)) + number(compressed) + number(size)
      result += number(UInt32(0x0403_4B50)) + common + sizes
      result += number(UInt16(local.utf8.count)) + number(UInt16(0)) + Array(local.utf8) + entry.contents
      directory += number(UInt32(0x0201_4B50)) + number(UInt16(20)) + common + sizes
      directory += number(UInt16(entry.name.utf8.count)) + [UInt8](repeating: 0, count: 12) + number(offset)
      directory += Array(entry.name.utf8)
    }
    func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] { PyTorchFormatTests.bytes(value) }
    let count = declaredCount ?? UInt16(entries.count)
    let start = UInt32(result.count + directoryShift)
    return result + directory + number(UInt32(0x0605_4B50)) + number(UInt32(0)) + number(count) + number(count)
      + number(UInt32(directory.count)) + number(start) + number(UInt16(0))
  }
}
