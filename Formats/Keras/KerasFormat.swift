import Files
import HDF5Format
import ZooCore
import Zip
import TensorFiles

/// What Keras saves: `.h5` files (Keras 1 and 2, tf.keras, Keras 3's older form), with or without the model's
/// configuration; `.weights.h5`; and `.keras` archives of a configuration and a `.weights.h5`.
///
/// A tensor's name is its path in the HDF5 file: `model_weights/conv1/conv1/kernel:0`, or `layers/conv2d/vars/0`.
package enum KerasFormat {
  /// Whether `beginning`, the first bytes of a file (256 are enough), looks like one of Keras: HDF5, or an archive that
  /// begins with what Keras puts into it first.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    HDF5Format.sniff(beginning) || isArchive(beginning)
  }

  static func isArchive(_ beginning: UnsafeRawBufferPointer) -> Bool {
    guard ZipArchive.sniff(beginning), beginning.count > 30 else { return false }
    return ["metadata.json", "config.json"].contains { beginning[30...].starts(with: $0.utf8) }
  }

  /// The weights in the file at `path`, in the order in which they lie in the file. They stay there until they are
  /// loaded.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged or hostile one, `unsupported` for what
  ///   Keras does not write.
  package static func read(_ path: String) throws -> TensorFile {
    return try ZooError.locating(path) { try KerasFile(path).tensorFile() }
  }

  /// Writes `file` to `path` as HDF5. Tensors that have the names of a `.weights.h5` file come to be one, and those of
  /// an `.h5` file with its model one with its model, which Keras loads; others are datasets that h5py reads.
  ///
  /// - Throws: What `HDF5Format.write` throws.
  package static func write(_ file: TensorFile, to path: String) throws {
    let layers = LayerLists(file)
    try HDF5Format.write(layers.file, to: path, lists: layers.lists)
  }

  /// Whether the file at `path` says what the network is, or holds weights alone.
  ///
  /// - Throws: As `read` does.
  package static func holdsModel(_ path: String) throws -> Bool {
    return try ZooError.locating(path) { try KerasFile(path).hasConfiguration }
  }

  /// The network in the file at `path`, as ONNX operators: Sequential and functional models of the layers that networks
  /// for pictures are made of. Inputs and outputs keep Keras' shapes (batch, height, width, channels); in between,
  /// channels come first.
  ///
  /// - Throws: `ZooError`: `badData` for a file without a configuration, or one that contradicts itself; `unsupported`
  ///   for a layer that has no such operators, by its name and class. No code in the file is ever run.
  package static func readModel(_ path: String) throws -> ModelDefinition {
    return try ZooError.locating(path) { try KerasFile(path).model() }
  }
}
