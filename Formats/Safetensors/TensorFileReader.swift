import Files
import JSON
import ZooCore

/// Reads one file: its header entry by entry, and where each tensor lies.
struct TensorFileReader {
  private struct Entry {
    let name: String
    let type: ElementType
    let shape: [Int]
    /// From the end of the header.
    let range: Range<Int>
  }

  private let file: MappedFile
  /// Where the tensors' bytes begin.
  private let start: Int

  /// - Throws: `ZooError` (`badData`) for a file that does not hold the header which it announces.
  init(_ file: MappedFile) throws {
    self.file = file
    let damaged = ZooError(.badData, "no safetensors file", advice: "download or save it again")
    guard file.bytes.count >= 8 else { throw damaged }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(SafetensorsFormat.greatestHeader), Int(length) <= file.bytes.count - 8 else {
      throw ZooError(
        .badData, "the header is said to take \(length) bytes, of a file of \(file.bytes.count)",
        advice: "it is no safetensors file, or it was not downloaded to its end")
    }
    start = 8 + Int(length)
  }

  func read() throws -> TensorFile {
    var entries: [Entry] = []
    var metadata: [Property] = []
    var seen: Set<[UInt8]> = []
    var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: file.bytes[8..<start]))
    try cursor.object { name, cursor in
      guard seen.insert(Array(name.utf8)).inserted else {
        throw ZooError(.badData, "there are two entries of one name", at: "\"\(name)\"")
      }
      if name == SafetensorsFormat.metadataName {
        metadata = try self.metadata(&cursor)
      } else {
        do { entries.append(try entry(name, &cursor)) } catch let error as ZooError {
          throw error.located("tensor \"\(name)\"")
        }
      }
    }
    try cursor.finish()
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try checkCover(entries)
    return TensorFile(tensors: try entries.map(tensor), metadata: metadata)
  }

  private func metadata(_ cursor: inout JSONCursor) throws -> [Property] {
    var properties: [Property] = []
    try cursor.object { properties.append(Property(key: $0, value: try $1.text())) }
    return properties
  }

  private func entry(_ name: String, _ cursor: inout JSONCursor) throws -> Entry {
    var type: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try cursor.object { key, cursor in
      switch key {
      case "dtype" where type == nil:
        let name = try cursor.text()
        guard let found = ElementType(safetensors: name) else {
          throw ZooError(.unsupported, "the element type \(name) is unknown")
        }
        type = found
      case "shape" where shape == nil: shape = try Self.integers(&cursor, atMost: 64)
      case "data_offsets" where offsets == nil: offsets = try Self.integers(&cursor, atMost: 2)
      default: throw ZooError(.badData, "an entry has no place for another \"\(key)\"")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw ZooError(.badData, "an entry has a dtype, a shape and two data_offsets")
    }
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= file.bytes.count - start else {
      throw ZooError(
        .badData, "the bytes \(offsets[0]) to \(offsets[1]) are outside the \(file.bytes.count - start) that there are")
    }
    guard offsets[1] - offsets[0] == byteCount else {
      throw ZooError(
        .badData, "\(type.name) of shape \(shape) takes \(byteCount) bytes, not \(offsets[1] - offsets[0])")
    }
    return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func integers(_ cursor: inout JSONCursor, atMost limit: Int) throws -> [Int] {
    var values: [Int] = []
    try cursor.list {
      guard values.count < limit else { throw ZooError(.badData, "a list of more than \(limit) numbers") }
      values.append(try $0.integer())
    }
    return values
  }

  /// Tensors lie side by side and fill the file, so that nothing is hidden in it and nothing is read twice.
  private func checkCover(_ entries: [Entry]) throws {
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let what = entry.range.lowerBound < end ? "overlaps the tensor before" : "leaves a gap before it"
        throw ZooError(.badData, "the tensor \(what)", at: "tensor \"\(entry.name)\"")
      }
      end = entry.range.upperBound
    }
    guard end == file.bytes.count - start else {
      throw ZooError(.badData, "\(file.bytes.count - start - end) bytes at the end belong to no tensor")
    }
  }

  private func tensor(_ entry: Entry) throws -> NamedTensor {
    let range = start + entry.range.lowerBound..<start + entry.range.upperBound
    // Truth values other than 0 and 1 are undefined behaviour in whoever reads them.
    guard entry.type != .bool || file.bytes[range].allSatisfy({ $0 <= 1 }) else {
      throw ZooError(
        .badData, "a tensor of truth values holds others than 0 and 1", at: "tensor \"\(entry.name)\"")
    }
    let source = MappedTensor(file: file, range: range)
    return NamedTensor(
      name: entry.name, tensor: try StoredTensor(type: entry.type, shape: entry.shape, source: source))
  }
}
