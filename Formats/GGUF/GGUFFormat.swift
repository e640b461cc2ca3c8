import Files
import WeightBlocks
import ZooCore
import ZooNumbers
import TensorFiles

/// GGUF, the files of llama.cpp (github.com/ggml-org/ggml, docs/gguf.md): typed metadata, the places of the tensors, and
/// their elements, exact or in blocks. Versions 2 and 3, little-endian.
///
/// A shape here is row-major, the reverse of GGUF's dimensions. Metadata become properties: texts as they are, other
/// values with their type before them (`uint32:4096`, `array:string:["a","b"]`), so that writing gives the same values.
///
/// Tensors in blocks are float32 to whoever reads them, and are dequantized then. `type(of:)` tells how they are stored;
/// written to another GGUF file they stay the same bytes.
///
/// ```swift
/// let file = try GGUFFormat.read("model-q4_k_m.gguf")
/// for item in file.tensors { print(item.name, GGUFFormat.type(of: item.tensor)?.name ?? item.tensor.type.name) }
/// try GGUFFormat.write(file, to: "smaller.gguf", storage: .q8_0)
/// ```
package enum GGUFFormat {
  static let magic = Array("GGUF".utf8)
  static let alignmentKey = "general.alignment"
  static let usualAlignment = 32
  static let tokenizerPrefix = "tokenizer."

  /// Whether GGUF has elements of `type`.
  package static func holds(_ type: ElementType) -> Bool { GGUFType(type) != nil }

  /// Whether `beginning`, the first bytes of a file (4 are enough), looks like GGUF.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool { beginning.starts(with: magic) }

  /// The tensors and the metadata of the file at `path`. Tensors stay in the mapped file until they are loaded. Of a model
  /// in several files, the first (`…-00001-of-00003.gguf`) stands for all, which must lie beside it.
  ///
  /// - Parameter takesArrays: Whether arrays are among the metadata, a vocabulary for one, whose texts take long to make.
  /// - Throws: `ZooError`: `notFound` for a missing file or part, `badData` for a damaged or hostile one, `unsupported` for
  ///   big-endian files, version 1, and tensors of unknown types. Types that are only copied throw when they are loaded.
  package static func read(_ path: String, takesArrays: Bool = true) throws -> TensorFile {
    try ZooError.locating(path) {
      let file = try GGUFReader.read(path, takesArrays ? .all : .none).file
      return try GGUFParts(file, at: path)?.read() ?? file
    }
  }

  /// As `read(_:takesArrays:)`, with all values as what they are; those of tokenizers are not among the file's texts.
  package static func readModel(_ path: String) throws -> (file: TensorFile, metadata: GGUFMetadata) {
    try ZooError.locating(path) {
      let (file, metadata) = try GGUFReader.read(path, .exceptTokenizers)
      guard let whole = try GGUFParts(file, at: path)?.read() else { return (file, metadata) }
      return (whole, metadata.adding(GGUFMetadata(whole.metadata)))
    }
  }

  /// Writes `file` to `path`, version 3. The tensors keep their order, and one at a time is in memory.
  ///
  /// - Parameter storage: Quantizes what `quantized(_:as:)` quantizes; `nil` writes all tensors as they are.
  /// - Throws: `ZooError`: `usage` for names that are taken or too long and for another storage, `unsupported` for types
  ///   that GGUF lacks and for more than four dimensions, `notFound` where the folder can't be written; what the tensors
  ///   throw when they are loaded.
  package static func write(_ file: TensorFile, to path: String, storage: GGUFType? = nil) throws {
    try ZooError.locating(path) { try GGUFWriter(file, storage: storage).write(to: path) }
  }

  /// How `tensor` is stored, if it comes from a GGUF file's blocks or from `quantized(_:as:)`: its numbers are float32
  /// only because they were dequantized. `nil` for any other.
  package static func type(of tensor: StoredTensor) -> GGUFType? { tensor.blocks?.type }

  /// `tensor` in blocks, quantized whenever it is read or written: its elements are what the blocks can hold
  /// (`BlockQuantization`). Rows that are no whole blocks are put into those of `GGUFType.fallback`.
  ///
  /// `nil` for what stays as it is: tensors of integers, of one dimension, or with rows that are no whole blocks of either,
  /// and those in such blocks already.
  ///
  /// - Parameter storage: One of `GGUFType.quantizable`.
  /// - Throws: `ZooError` (`usage`) for another type.
  package static func quantized(_ tensor: StoredTensor, as storage: GGUFType) throws -> StoredTensor? {
    try check(storage)
    guard tensor.shape.count >= 2, let row = tensor.shape.last, let fitting = storage.fitting(row),
      type(of: tensor) != fitting, let exact = try tensor.type == .float32 ? tensor : tensor.asFloat32()
    else { return nil }
    return try exact.quantized(toBlocksOf: fitting)?.dequantized(fromBlocksOf: fitting)
  }

  static func check(_ storage: GGUFType) throws {
    guard GGUFType.quantizable.contains(storage) else {
      throw ZooError(
        .usage, "tensors can't be quantized to \(storage.name)",
        advice: "choose one of \(GGUFType.quantizable.map(\.name).joined(separator: ", "))")
    }
  }
}
