import Files
import JSON
import ZooCore
import TensorFiles

/// Hugging Face's safetensors (github.com/huggingface/safetensors, "Format"): the length of a JSON header in 8 bytes,
/// the header, and the tensors' bytes one after the other.
package enum SafetensorsFormat {
  /// The header of a file may take so many bytes, as in the format's own reader.
  static let greatestHeader = 100_000_000
  /// The header's member that is no tensor.
  static let metadataName = "__metadata__"

  /// Whether the format has elements of `type`.
  package static func holds(_ type: ElementType) -> Bool { type.safetensorsName != nil }

  /// Whether `beginning`, the first bytes of a file (16 are enough), looks like safetensors.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    guard beginning.count > 9 else { return false }
    let length = UInt64(littleEndian: beginning.loadUnaligned(as: UInt64.self))
    guard length >= 2 && length <= UInt64(greatestHeader) else { return false }
    // An object's brace and its first name, or its end, perhaps with blanks around.
    let header = beginning[8...].prefix(Int(length))
    let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    let rest = header.drop { blanks.contains($0) }
    guard let brace = rest.first else { return header.count < length }
    guard brace == UInt8(ascii: "{") else { return false }
    let next = rest.dropFirst().drop { blanks.contains($0) }.first
    return next.map { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "}") } ?? (header.count < length)
  }

  /// The tensors of the file at `path`, or of all files that the index at `path` (`model.safetensors.index.json`) lists.
  /// They stay in the mapped file until they are loaded.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged or hostile one, `unsupported` for a
  ///   tensor of an unknown type.
  package static func read(_ path: String) throws -> TensorFile {
    try ZooError.locating(path) {
      try MappedFile.reading(path) { file in
        if ShardIndex.sniff(file.bytes), !sniff(file.bytes) {
          return try ShardIndex(file.bytes).read(besides: path) { shard in
            try MappedFile.reading(shard) { try TensorFileReader($0).read() }
          }
        }
        return try TensorFileReader(file).read()
      }
    }
  }

  /// Writes `file` to `path`. The tensors keep their order, and a piece of one at a time is in memory.
  ///
  /// - Throws: `ZooError`: `usage` for tensors that the format can't hold or that share a name, `notFound` where the
  ///   folder can't be written; what the tensors throw when they are loaded.
  package static func write(_ file: TensorFile, to path: String) throws {
    try ZooError.locating(path) { try TensorFileWriter(file).write(to: path) }
  }

  /// Writes `file` to the folder `path`, which is made where there is none, as Hugging Face's libraries do: one file
  /// `model.safetensors`, or several of at most `shardSize` bytes of tensors (more only for a tensor that is larger) and
  /// `model.safetensors.index.json`. Files of a model that was there are replaced and removed when all is written.
  ///
  /// - Throws: as `write(_:to:)` does, and `usage` where there would be more than 512 files.
  package static func write(_ file: TensorFile, toFolder path: String, shardSize: Int = 5_000_000_000) throws {
    try ZooError.locating(path) { try ShardedWriter(file, shardSize: shardSize).write(toFolder: path) }
  }
}
