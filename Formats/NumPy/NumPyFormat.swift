import Files
import Zip
import ZooCore
import TensorFiles

/// NumPy's files as weights: `.npy`, one array, and `.npz`, a zip archive of arrays with names.
///
/// All numeric types of NumPy are read in either byte order and in C or Fortran order; byte strings and Unicode strings
/// become string tensors. NumPy has no bfloat16: it is kept as the package ml_dtypes keeps it, as `V2`, and
/// `numpy.load(path).view(ml_dtypes.bfloat16)` gives its values.
package enum NumPyFormat {
  /// Whether NumPy has elements of `type`.
  package static func holds(_ type: ElementType) -> Bool {
    type == .string || NumPyHeader.numbers.contains { $0.type == type }
  }

  /// Whether `beginning`, the first bytes of a file (6 are enough), looks like one array.
  package static func isLoneArray(_ beginning: UnsafeRawBufferPointer) -> Bool {
    beginning.starts(with: NumPyHeader.magic)
  }

  /// Whether `beginning`, the first bytes of a file (256 are enough for usual names), looks like an array or like an
  /// archive of arrays.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    if isLoneArray(beginning) { return true }
    // numpy.savez without arrays.
    if isEmptyArchive(beginning) { return true }
    guard ZipArchive.sniff(beginning), beginning.count >= 30 else { return false }
    let length = Int(UInt16(littleEndian: beginning.loadUnaligned(fromByteOffset: 26, as: UInt16.self)))
    return beginning.dropFirst(30).prefix(length).suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }

  /// The arrays in the file at `path`. A lone array is named like its file; those of an archive have their own names,
  /// without `.npy`. They stay in the mapped file until they are loaded; compressed ones are inflated whenever they are
  /// read.
  ///
  /// - Parameter checksums: Whether to compare the checksums of stored arrays now, which reads the file once.
  ///   Compressed ones are checked whenever they are read.
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged or hostile one, `unsupported` for
  ///   elements that tensors don't have, such as structures, dates and pickled objects.
  package static func read(_ path: String, checksums: Bool = true) throws -> TensorFile {
    try read(path, checksums: checksums) { _ in true }
  }

  /// The arrays of an archive whose names are wanted; whatever else is in it does not matter. Of a file that is one array,
  /// that array.
  package static func read(
    _ path: String, checksums: Bool = true, where isWanted: (_ name: String) -> Bool
  ) throws -> TensorFile {
    try ZooError.locating(path) { try MappedFile.reading(path) { try read($0, checksums: checksums, where: isWanted) } }
  }

  private static func read(
    _ file: MappedFile, checksums: Bool, where isWanted: (_ name: String) -> Bool
  ) throws -> TensorFile {
    guard ZipArchive.sniff(file.bytes) || isEmptyArchive(file.bytes) else {
      let array = try NumPyArray(file.memory(in: 0..<file.bytes.count))
      return TensorFile(tensors: [NamedTensor(name: stem(of: file.path), tensor: try array.stored())])
    }
    let archive = try ZipArchive(file)
    let arrays = archive.entries.filter { $0.name.hasSuffix(suffix) }
    guard !arrays.isEmpty || archive.entries.isEmpty else {
      throw ZooError(.badData, "the zip archive holds no .npy files", advice: "save arrays by numpy.savez(path, …)")
    }
    var result = TensorFile(tensors: [])
    for entry in arrays where isWanted(String(entry.name.dropLast(suffix.count))) {
      do {
        let array = try NumPyArray(entry, of: archive, checksum: checksums)
        result.tensors.append(
          NamedTensor(name: String(entry.name.dropLast(suffix.count)), tensor: try array.stored()))
      } catch let error as ZooError {
        throw error.located(entry.name)
      }
    }
    return result
  }

  /// Writes `file` to `path`: an archive where `path` ends in `.npz`, otherwise its only tensor as an array. Tensors keep
  /// their order, and one at a time is in memory; elements of an archive begin at multiples of 64 bytes. The metadata has
  /// no place in either.
  ///
  /// - Throws: `ZooError`: `usage` for several tensors where one fits and for names that are taken, `unsupported` for
  ///   types that NumPy lacks, `notFound` where the folder can't be written; what the tensors throw when they are loaded.
  package static func write(_ file: TensorFile, to path: String) throws {
    try ZooError.locating(path) {
      guard path.lowercased().hasSuffix(".npz") else {
        guard let only = file.tensors.first, file.tensors.count == 1 else {
          throw ZooError(
            .usage, "a .npy file holds one array, not \(file.tensors.count)",
            advice: "write an .npz file, or choose one tensor by --include")
        }
        return try locating(only) {
          let array = try NewNumPyArray(only.tensor)
          let output = try NewFile(path)
          try array.write { try output.append($0) }
          try output.commit()
        }
      }
      // What can't be written is said before hours of writing.
      for item in file.tensors where item.tensor.type != .string {
        try locating(item) { _ = try NewNumPyArray(item.tensor) }
      }
      var archive = try ZipWriter(path)
      for item in file.tensors {
        try locating(item) {
          let array = try NewNumPyArray(item.tensor)
          try archive.add(item.name + suffix, byteCount: array.byteCount) { try array.write($0) }
        }
      }
      try archive.finish()
    }
  }

  private static let suffix = ".npy"

  private static func isEmptyArchive(_ beginning: UnsafeRawBufferPointer) -> Bool {
    beginning.count == 22 && beginning.starts(with: [0x50, 0x4B, 0x05, 0x06])
  }

  private static func locating(_ item: NamedTensor, _ body: () throws -> Void) throws {
    do { try body() } catch let error as ZooError { throw error.located("tensor \"\(item.name)\"") }
  }

  /// The file's name without its folder and ending.
  private static func stem(of path: String) -> String {
    let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    return name.lowercased().hasSuffix(suffix) && name.count > suffix.count
      ? String(name.dropLast(suffix.count)) : String(name)
  }
}
