import Files
import WeightBlocks
import Zip
import ZooCore
import TensorFiles

/// Reads one file: its metadata, and where each tensor lies.
struct GGUFReader {
  private struct Entry {
    let name: String
    let type: GGUFType
    let shape: [Int]
    /// From where the elements of all tensors begin.
    let offset: UInt64
    let byteCount: Int
  }

  /// Which arrays become texts: a vocabulary's take long to make.
  enum Arrays {
    case all, none
    /// Those of tokenizers don't; all values are given as what they are besides.
    case exceptTokenizers
  }

  private let file: MappedFile
  private let arrays: Arrays
  private var cursor: ByteCursor
  private var items: [ExactText: GGUFItem] = [:]

  private init(_ file: MappedFile, _ arrays: Arrays) {
    (self.file, self.arrays) = (file, arrays)
    cursor = ByteCursor(file.bytes)
  }

  /// The file at `path`.
  static func read(_ path: String, _ arrays: Arrays = .all) throws -> (file: TensorFile, metadata: GGUFMetadata) {
    try MappedFile.reading(path) { file in
      var reader = GGUFReader(file, arrays)
      return (try reader.read(), GGUFMetadata(reader.items))
    }
  }

  private mutating func read() throws -> TensorFile {
    guard GGUFFormat.sniff(file.bytes) else { throw ZooError(.badData, "no GGUF file") }
    _ = try cursor.take(GGUFFormat.magic.count)
    let version = try cursor.integer(UInt32.self)
    guard version & 0xFFFF != 0 else {
      throw ZooError(
        .unsupported, "the file is made for big-endian computers", advice: "get the little-endian file of this model")
    }
    guard (2...3).contains(version) else {
      throw ZooError(
        .unsupported, "version \(version) of GGUF is none of 2 and 3", advice: "convert the model to GGUF anew")
    }
    let tensorCount = try count(ofAtLeast: 24, "tensors")
    let valueCount = try count(ofAtLeast: 13, "values")
    let metadata = try metadata(valueCount)
    let alignment = try alignment(metadata)
    let entries = try entries(tensorCount)
    // Without tensors, files may end here.
    let start = entries.isEmpty ? cursor.offset : (cursor.offset + alignment - 1) / alignment * alignment
    return TensorFile(tensors: try tensors(entries, from: start, alignment), metadata: metadata)
  }

  /// A number of things that take so many bytes each, and at least those are there.
  private mutating func count(ofAtLeast size: Int, _ what: String) throws -> Int {
    let count = try cursor.integer(UInt64.self)
    guard count <= UInt64(cursor.remaining / size) else {
      throw ZooError(
        .badData, "\(count) \(what) are declared, but \(cursor.remaining) bytes are left", at: "header",
        advice: "the file is damaged; copy or download it again")
    }
    return Int(count)
  }

  private mutating func metadata(_ count: Int) throws -> [Property] {
    var properties: [Property] = []
    var seen: Set<[UInt8]> = []
    for _ in 0..<count {
      let key = try cursor.text(cursor.take(cursor.length(UInt64.self)))
      guard seen.insert(Array(key.utf8)).inserted else {
        throw ZooError(.badData, "there are two values of one name", at: "\"\(key)\"")
      }
      try ZooError.locating("value \"\(key)\"") {
        if try !becomesText(key) { return }
        properties.append(Property(key: key, value: try GGUFValue.text(&cursor)))
      }
    }
    return properties
  }

  /// Whether the value that follows is still to become a text.
  private mutating func becomesText(_ key: String) throws -> Bool {
    switch arrays {
    case .all: return true
    case .none: return try !GGUFValue.passArray(&cursor)
    case .exceptTokenizers:
      var next = cursor
      items[ExactText(key)] = try GGUFItem(&next)
      guard key.hasPrefix(GGUFFormat.tokenizerPrefix) else { return true }
      cursor = next
      return false
    }
  }

  private func alignment(_ metadata: [Property]) throws -> Int {
    guard let property = metadata.first(where: { $0.key == GGUFFormat.alignmentKey }) else {
      return GGUFFormat.usualAlignment
    }
    guard let value = GGUFValue.unsigned32(property.value), value > 0, value & (value - 1) == 0 else {
      throw ZooError(.badData, "\(property.value) is no power of two", at: property.key)
    }
    return Int(value)
  }

  private mutating func entries(_ count: Int) throws -> [Entry] {
    var entries: [Entry] = []
    var seen: Set<[UInt8]> = []
    for _ in 0..<count {
      let name = try cursor.text(cursor.take(cursor.length(UInt64.self)))
      let place = "tensor \"\(name.prefix(200))\""
      guard seen.insert(Array(name.utf8)).inserted else {
        throw ZooError(.badData, "there are two tensors of one name", at: place)
      }
      let rank = try cursor.integer(UInt32.self)
      // ggml has four; more are no danger.
      guard rank <= 16 else { throw ZooError(.badData, "a tensor of \(rank) dimensions", at: place) }
      var shape: [Int] = []
      for _ in 0..<rank {
        let extent = try cursor.integer(UInt64.self)
        guard let extent = Int(exactly: extent) else {
          throw ZooError(.badData, "an extent of \(extent) is too large", at: place)
        }
        // The dimension that varies fastest comes first.
        shape.insert(extent, at: 0)
      }
      let number = try cursor.integer(UInt32.self)
      guard let type = GGUFType(rawValue: number) else {
        throw ZooError(.unsupported, "elements of ggml's type \(number) are unknown", at: place)
      }
      guard let byteCount = type.byteCount(of: shape) else {
        throw ZooError(.badData, "the shape \(shape) is too large, or no whole blocks of \(type.name)", at: place)
      }
      entries.append(
        Entry(name: name, type: type, shape: shape, offset: try cursor.integer(), byteCount: byteCount))
    }
    return entries
  }

  /// The elements one by one, or what the blocks stand for.
  private func tensor(_ entry: Entry, _ source: MappedTensor) throws -> StoredTensor {
    if let type = entry.type.elementType { return try StoredTensor(type: type, shape: entry.shape, source: source) }
    let row = (entry.shape.last ?? 0) / entry.type.blockCount * entry.type.blockBytes
    let bytes = try StoredTensor(type: .uint8, shape: entry.shape.dropLast() + [row], source: source)
    guard let tensor = try bytes.dequantized(fromBlocksOf: entry.type) else {
      throw ZooError(.defect, "bytes are no blocks of \(entry.type.name)", at: "tensor \"\(entry.name)\"")
    }
    return tensor
  }

  private func tensors(_ entries: [Entry], from start: Int, _ alignment: Int) throws -> [NamedTensor] {
    var places: [(range: Range<Int>, name: String)] = []
    let tensors = try entries.map { entry in
      let place = "tensor \"\(entry.name)\""
      guard start <= file.bytes.count, entry.offset <= UInt64(file.bytes.count - start),
        entry.byteCount <= file.bytes.count - start - Int(entry.offset)
      else {
        throw ZooError(
          .badData,
          "\(entry.byteCount) bytes at \(entry.offset) are beyond the \(max(0, file.bytes.count - start)) that there are",
          at: place, advice: "the file was not copied or downloaded to its end")
      }
      guard entry.offset % UInt64(alignment) == 0 else {
        throw ZooError(.badData, "the place \(entry.offset) is no multiple of \(alignment)", at: place)
      }
      let range = start + Int(entry.offset)..<start + Int(entry.offset) + entry.byteCount
      if !range.isEmpty { places.append((range, entry.name)) }
      return NamedTensor(name: entry.name, tensor: try tensor(entry, MappedTensor(file: file, range: range)))
    }
    places.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (place, next) in zip(places, places.dropFirst()) where place.range.upperBound > next.range.lowerBound {
      throw ZooError(.badData, "the tensor overlaps \"\(place.name)\"", at: "tensor \"\(next.name)\"")
    }
    return tensors
  }
}
