import CPackageSchema
import CProtobufC
import Files
import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open package: its fields are found, its model is unpacked, its chunks wait.
struct PackageReader {
  let model: ModelDefinition
  private let chunks: PackageChunks
  private let tensors: [PackagedTensor.Entry]
  private let version: Int
  private let modelSize: Int

  /// - Throws: `ZooError` (`notFound`, `badData`)
  init(_ path: String) throws { self = try MappedFile.reading(path) { try PackageReader($0) } }

  private init(_ file: MappedFile) throws {
    let outline = try Outline(file.bytes)
    version = outline.version
    modelSize = outline.model.count

    guard outline.model.count < Layout.storedLimit else {
      throw ZooError(.badData, "the model without its tensors takes \(outline.model.count) bytes, more than is allowed")
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[outline.model])
    guard crc32(0, bytes) == outline.modelChecksum else {
      throw ZooError(.badData, "the model's checksum is wrong", advice: Self.advice)
    }
    try MessageCheck.check(bytes)
    let message = try UnpackedModel(bytes)
    guard message.model.chunk_count == UInt64(outline.chunks.count) else {
      throw ZooError(
        .badData, "the file has \(outline.chunks.count) of its \(message.model.chunk_count) chunks",
        advice: Self.advice)
    }
    chunks = PackageChunks(
      file: file,
      list: try outline.chunks.enumerated().map { try Chunk(file.bytes, at: $1, index: $0) })
    // Finding the chunks has brought in a little of each.
    file.forget(0..<file.bytes.count)
    var decoder = ModelDecoder(chunks: chunks)
    model = try decoder.decode(message.model)
    tensors = decoder.tensors
  }

  fileprivate static let advice = "the file is damaged; get it again from where it came from"

  func verifyChecksums() throws {
    for entry in tensors {
      do {
        try concurrently(entry.chunks.count) { index in
          try chunks.list[entry.chunks.lowerBound + index].verify(chunks.file)
        }
      } catch let error as ZooError {
        throw error.located("tensor \"\(entry.name)\"")
      }
    }
  }

  var summary: PackageSummary {
    PackageSummary(
      version: version, fileSize: chunks.file.bytes.count, modelSize: modelSize,
      tensors: tensors.map { entry in
        let pieces = chunks.list[entry.chunks].map { chunk in
          PackageSummary.Chunk(
            byteCount: chunk.byteCount, storedByteCount: chunk.dataRange.count, checksum: chunk.checksum,
            offset: chunk.dataRange.lowerBound,
            planes: chunk.planes.map {
              PackageSummary.Plane(deflated: $0.coding == .deflate, storedByteCount: $0.size)
            })
        }
        let inChunks = pieces.reduce(0) { $0 + $1.storedByteCount }
        let isText = entry.tensor.type == .string
        return PackageSummary.Tensor(
          name: entry.name, type: entry.tensor.type, shape: entry.tensor.shape,
          byteCount: isText ? entry.inlineByteCount : entry.tensor.byteCount,
          storedByteCount: entry.inlineByteCount + inChunks, chunks: pieces)
      })
  }
}

/// Where the top-level fields lie.
private struct Outline {
  private(set) var version = 0
  private(set) var modelChecksum: UInt32 = 0
  private(set) var model = 0..<0
  private(set) var chunks: [Range<Int>] = []

  init(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.starts(with: Layout.signature) else {
      throw ZooError(
        .badData, "is not a .zoo package", advice: "zoo convert makes one from a model in another format")
    }
    var reader = WireReader(bytes)
    _ = reader.next()
    guard let field = reader.next(), field.number == Layout.Field.version, case .fixed32(let version) = field.value,
      version > 0
    else { throw Self.damaged(bytes, Layout.signature.count) }
    guard version <= PackageFormat.version else {
      throw ZooError(
        .badData, "was written by a newer version \(version) of the format; this reads up to \(PackageFormat.version)",
        advice: "update this software")
    }
    self.version = Int(version)
    var checksum: UInt32?
    var model: Range<Int>?
    while !reader.isAtEnd {
      let start = reader.offset
      guard let field = reader.next() else { throw Self.damaged(bytes, start) }
      switch (field.number, field.value) {
      case (Layout.Field.modelChecksum, .fixed32(let value)) where checksum == nil: checksum = value
      case (Layout.Field.model, .bytes(let range)) where model == nil: model = range
      case (Layout.Field.chunk, .bytes(let range)): chunks.append(range)
      case (...Layout.Field.model, _), (Layout.Field.chunk, _): throw Self.damaged(bytes, start)
      default: break
      }
    }
    guard let checksum, let model else {
      throw ZooError(.badData, "has no model", advice: PackageReader.advice)
    }
    modelChecksum = checksum
    self.model = model
  }

  private static func damaged(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> ZooError {
    ZooError(
      .badData, "is damaged, or ends too early (its size is \(bytes.count) bytes)", at: "offset \(offset)",
      advice: PackageReader.advice)
  }
}

/// protobuf-c's structures of a model, in memory that is bounded by the message's size.
private final class UnpackedModel {
  private let message: UnsafeMutablePointer<Zoo__Model>

  var model: Zoo__Model { message.pointee }

  init(_ bytes: UnsafeRawBufferPointer) throws {
    // The smallest messages of a graph take some fifty times their bytes.
    var budget = 64 * bytes.count + 16 << 20
    let unpacked = withUnsafeMutablePointer(to: &budget) { budget in
      var allocator = ProtobufCAllocator(
        alloc: { data, size in
          guard let budget = data?.assumingMemoryBound(to: Int.self), size <= budget.pointee else { return nil }
          budget.pointee -= size
          return malloc(size)
        },
        free: { _, block in free(block) }, allocator_data: budget)
      return zoo__model__unpack(&allocator, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    }
    guard let unpacked else {
      throw ZooError(.badData, "the model can't be unpacked", advice: PackageReader.advice)
    }
    message = unpacked
  }

  deinit { zoo__model__free_unpacked(message, nil) }
}
