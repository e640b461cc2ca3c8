import Files
import ZooCore

/// Writes a model: its message, then its tensors' chunks as they are made.
struct PackageWriter {
  private let message: [UInt8]
  private let payloads: [Payload]
  private let compression: PackageFormat.Compression

  /// A tensor whose elements go to chunks.
  struct Payload: Sendable {
    let name: String
    let tensor: StoredTensor
    let chunkByteCount: Int

    var chunkCount: Int { (tensor.byteCount - 1) / chunkByteCount + 1 }
  }

  init(_ model: ModelDefinition, compression: PackageFormat.Compression) throws {
    var encoder = ModelEncoder(compression: compression)
    message = try encoder.encode(model)
    payloads = encoder.payloads
    self.compression = compression
  }

  func write(to path: String, verifies: Bool) throws {
    let file = try NewFile(path)
    var head = WireWriter()
    head.append(Layout.signature)
    head.fixed32(Layout.Field.version, UInt32(PackageFormat.version))
    head.fixed32(Layout.Field.modelChecksum, crc32(0, message))
    head.length(Layout.Field.model, message.count)
    try file.append(head.bytes)
    try file.append(message)
    switch compression {
    case .none: try writeVerbatim(to: file)
    case .planes: try writePlanes(to: file)
    }
    if verifies {
      try file.finish()
      try PackageReader(file.unfinishedPath).verifyChecksums()
    }
    try file.commit()
  }

  /// Chunks are compressed on all cores, a few at a time, and written in their order while the next are compressed.
  private func writePlanes(to file: NewFile) throws {
    let batchSize = 8 * coreCount
    var jobs: [Job] = []
    var ready: [EncodedChunk] = []
    var written = 0
    func flush() throws {
      let chunks = try compress(jobs, while: ready, from: written, goTo: file)
      written += ready.count
      (ready, jobs) = (chunks, [])
    }
    for payload in payloads {
      try located(payload) {
        // What can't be read in pieces is loaded once, and freed with its last chunk.
        let tensor = payload.tensor.readsInPieces ? payload.tensor : StoredTensor(try payload.tensor.load())
        let form = PlaneForm(tensor.type)
        for offset in stride(from: 0, to: tensor.byteCount, by: payload.chunkByteCount) {
          let count = min(payload.chunkByteCount, tensor.byteCount - offset)
          jobs.append(Job(tensor: tensor, offset: offset, count: count, form: form))
          if jobs.count == batchSize { try flush() }
        }
      }
    }
    try flush()
    try flush()
  }

  private struct Job: Sendable {
    let tensor: StoredTensor
    let offset: Int
    let count: Int
    let form: PlaneForm
  }

  /// Compresses what `jobs` say; one core begins with writing `ready`, the first of which is chunk `number`.
  private func compress(
    _ jobs: [Job], while ready: [EncodedChunk], from number: Int, goTo file: NewFile
  ) throws -> [EncodedChunk] {
    // Each call fills its own slot, and only one writes.
    nonisolated(unsafe) let file = file
    nonisolated(unsafe) let slots = UnsafeMutablePointer<EncodedChunk?>.allocate(capacity: jobs.count)
    slots.initialize(repeating: nil, count: jobs.count)
    defer {
      slots.deinitialize(count: jobs.count)
      slots.deallocate()
    }
    try concurrently(jobs.count + 1) { place in
      guard place > 0 else {
        for (index, chunk) in ready.enumerated() { try chunk.write(to: file, index: number + index) }
        return
      }
      let job = jobs[place - 1]
      try withUnsafeTemporaryAllocation(byteCount: job.count, alignment: Layout.alignment) { elements in
        try job.tensor.read(into: elements, at: job.offset)
        slots[place - 1] = EncodedChunk(UnsafeRawBufferPointer(elements), form: job.form)
      }
    }
    return UnsafeBufferPointer(start: slots, count: jobs.count).compactMap { $0 }
  }

  /// Chunks as long as tensors, so that each can be mapped whole; copied in pieces, the checksum filled in afterwards.
  private func writeVerbatim(to file: NewFile) throws {
    var index = 0
    for payload in payloads {
      try located(payload) {
        let tensor = payload.tensor.readsInPieces ? payload.tensor : StoredTensor(try payload.tensor.load())
        for start in stride(from: 0, to: tensor.byteCount, by: payload.chunkByteCount) {
          let count = min(payload.chunkByteCount, tensor.byteCount - start)
          let head = ChunkDescription.verbatim(count).head(index: index, fileOffset: file.count)
          let checksumOffset = file.count + head.checksumOffset
          try file.append(head.bytes(checksum: 0))
          var checksum = crc32(0, head.checked)
          for offset in stride(from: start, to: start + count, by: Layout.chunkByteCount) {
            let size = min(Layout.chunkByteCount, start + count - offset)
            try withUnsafeTemporaryAllocation(byteCount: size, alignment: Layout.alignment) { piece in
              try tensor.read(into: piece, at: offset)
              checksum = crc32(checksum, UnsafeRawBufferPointer(piece))
              try file.append(UnsafeRawBufferPointer(piece))
            }
          }
          try file.replace(at: checksumOffset, with: withUnsafeBytes(of: checksum.littleEndian) { Array($0) })
          index += 1
        }
      }
    }
  }

  private func located(_ payload: Payload, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ZooError {
      throw error.located("tensor \"\(payload.name)\"")
    }
  }
}
