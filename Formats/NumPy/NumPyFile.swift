import Files
import ZooCore

/// NumPy's `.npy` files as tensors, for inputs and results of networks; see `NumPyFormat` for what they may hold.
///
/// ```swift
/// let input = try NumPyFile.read("input.npy")
/// try NumPyFile.write(output, to: "output.npy")
/// ```
package enum NumPyFile {
  /// The array in the file at `path`. It is copied, so that nothing that happens to the file later matters.
  ///
  /// - Throws: `ZooError`: `notFound` when there is no such file; `badData` for a damaged one; `unsupported` for
  ///   elements that tensors don't have, such as structures, dates and pickled objects.
  package static func read(_ path: String) throws -> Tensor {
    try MappedFile.reading(path) { file in
      try ZooError.locating(path) { try NumPyArray(file.memory(in: 0..<file.bytes.count)).stored().copied() }
    }
  }

  /// The arrays in the `.npz` archive at `path`, copied, by their names without `.npy`.
  ///
  /// - Throws: `ZooError`, as `read` does, and `badData` for a damaged archive.
  package static func readArchive(_ path: String) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for item in try NumPyFormat.read(path).tensors {
      do { tensors[item.name] = try item.tensor.copied() } catch let error as ZooError {
        throw error.located(item.name).located(path)
      }
    }
    return tensors
  }

  /// Writes `tensor` to `path`; a reader sees the old file or the whole new one.
  ///
  /// - Throws: `ZooError`: `unsupported` for element types that NumPy lacks and strings that it can't hold, `notFound`
  ///   when the folder does not exist, `badData` when the system refuses.
  package static func write(_ tensor: Tensor, to path: String) throws {
    try newFile(tensor, at: path).commit()
  }

  /// The file that `write` makes, not yet in its place.
  package static func newFile(_ tensor: Tensor, at path: String) throws -> NewFile {
    try ZooError.locating(path) {
      let array = try NewNumPyArray(StoredTensor(tensor))
      let output = try NewFile(path)
      try array.write { try output.append($0) }
      return output
    }
  }
}

extension StoredTensor {
  /// The elements in memory of their own.
  fileprivate func copied() throws -> Tensor {
    type == .string ? try load() : try Tensor(type: type, shape: shape) { try read(into: $0) }
  }
}
