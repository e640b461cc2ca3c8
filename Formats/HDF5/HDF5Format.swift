import Files
import ZooCore
import TensorFiles

/// HDF5 files (The HDF Group's "HDF5 File Format Specification", version 3.0), as h5py and Keras write them: groups of
/// groups and datasets.
///
/// A tensor's name is its path in the file: `conv1/conv1/kernel:0`.
package enum HDF5Format {
  /// The first bytes of every file, at a multiple of 512 from the beginning.
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Whether `beginning`, the first bytes of a file (8 are enough), looks like HDF5.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool { beginning.starts(with: signature) }

  /// The datasets of the file at `path`, in the order in which they lie in the file. They stay in the mapped file until
  /// they are loaded. Texts that the file's root says about itself are the metadata.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged or hostile one, `unsupported` for what
  ///   h5py does not write unless it is asked to (links to other files, filters other than deflate and shuffle, …).
  package static func read(_ path: String) throws -> TensorFile {
    return try ZooError.locating(path) { try HDF5File(path).tensorFile() }
  }

  /// Whether files can hold tensors of that type.
  package static func holds(_ type: ElementType) -> Bool { HDF5Datatype(type) != nil }

  /// Writes `file` to `path`: a dataset for each tensor, in groups after the slashes of its name, and the metadata as
  /// texts of the root. One tensor at a time is in memory.
  ///
  /// - Throws: `ZooError`: `usage` for tensors that the format can't hold and for names that can't be paths, `notFound`
  ///   where the folder can't be written; what the tensors throw when they are loaded.
  package static func write(_ file: TensorFile, to path: String) throws {
    try write(file, to: path, lists: [])
  }

  /// Writes a file whose groups have lists of texts besides.
  package static func write(_ file: TensorFile, to path: String, lists: [HDF5List]) throws {
    try ZooError.locating(path) { try HDF5Writer(file, lists: lists).write(to: path) }
  }
}
