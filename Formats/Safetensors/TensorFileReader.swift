import Files
import JSON
import ZooCore
import TensorFiles

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
    var metadata: [Property]?
    var places: [[UInt8]: Int] = [:]
    var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: file.bytes[8..<start]))
    try cursor.object { name, cursor in
      if name == SafetensorsFormat.metadataName {
        guard metadata == nil else { throw ZooError(.badData, "there are two texts about the file", at: "\"\(name)\"") }
        metadata = try self.metadata(&cursor)
        return
      }
      do {
        let entry = try entry(name, &cursor)
        // As the format's own reader has it, a name that comes again takes the new entry.
        if let place = places.updateValue(places[Array(name.utf8)] ?? entries.count, forKey: Array(name.utf8)) {
          entries[place] = entry
        } else {
          entries.append(entry)
        }
      } catch let error as ZooError {
        throw error.located("tensor \"\(name)\"")
      }
    }
    try cursor.finish()
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try checkCover(entries)
    return TensorFile(tensors: try entries.map(tensor), metadata: metadata ?? [])
  }

  private func metadata(_ cursor: inout JSONCursor) throws -> [Property] {
    if try cursor.skipNull() { return [] }
    var properties: [Property] = []
    var places: [[UInt8]: Int] = [:]
    try cursor.object { key, cursor in
      let property = Property(key: key, value: try cursor.text())
      if let place = places.updateValue(places[Array(key.utf8)] ?? properties.count, forKey: Array(key.utf8)) {
        properties[place] = property
      } else {
        properties.append(property)
      }
    }
    return properties
  }

  private func entry(_ name: String, _ cursor: inout JSONCursor) throws -> Entry {
    var type: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try cursor.object { key, cursor in
      func once<Value>(_ value: inout Value?, _ read: (inout JSONCursor) throws -> Value) throws {
        guard value == nil else { throw ZooError(.badData, "an entry has a second \"\(key)\"") }
        value = try read(&cursor)
      }
      switch key {
      case "dtype":
        try once(&type) { cursor in
          let name = try cursor.text()
          guard let found = ElementType(safetensors: name) else {
            throw ZooError(.unsupported, "the element type \(name) is unknown")
          }
          return found
        }
      case "shape": try once(&shape) { try Self.integers(&$0, atMost: 64) }
      case "data_offsets": try once(&offsets) { try Self.integers(&$0, atMost: 2) }
      // What others say besides does not matter.
      default: _ = try cursor.value()
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw ZooError(.badData, "an entry has a dtype, a shape and two data_offsets")
    }
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    guard type.bitWidth % 8 == 0 || shape.reduce(1, *) * type.bitWidth % 8 == 0 else {
      throw ZooError(.badData, "\(type.name) of shape \(shape) takes no whole bytes")
    }
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
    let mapped = MappedTensor(file: file, range: range)
    let isPlain = entry.type != .bool || file.bytes[range].allSatisfy { $0 <= 1 }
    let source: any TensorSource = isPlain ? mapped : TruthSource(mapped)
    return NamedTensor(
      name: entry.name, tensor: try StoredTensor(type: entry.type, shape: entry.shape, source: source))
  }
}

/// Truth values of which some are written as other numbers than 0 and 1, which nobody else has to expect.
private struct TruthSource: TensorSource {
  private let written: MappedTensor

  init(_ written: MappedTensor) { self.written = written }

  var readsInPieces: Bool { true }

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    try Tensor(type: type, shape: shape) { read(into: $0, at: 0, type: type, shape: shape) }
  }

  func read(into destination: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    read(into: destination, at: 0, type: type, shape: shape)
  }

  func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) {
    written.read(into: destination, at: offset, type: type, shape: shape)
    for index in destination.indices where destination[index] > 1 { destination[index] = 1 }
  }
}
