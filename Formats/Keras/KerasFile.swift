import Files
import HDF5Format
import JSON
import ZooCore
import Zip
import TensorFiles

/// An open file of Keras: HDF5, and what is said about the model.
struct KerasFile {
  let weights: HDF5File
  /// The model's configuration; `nil` for weights alone.
  private let configuration: JSON?
  var hasConfiguration: Bool { configuration != nil }
  /// The first number of Keras' version.
  private let version: Int
  /// Whether layers are found by path, as in a `.weights.h5` file.
  private let hasPaths: Bool

  /// Configurations that are larger than this are no such thing.
  private static let greatestConfiguration = 256 << 20

  init(_ path: String) throws {
    self = try MappedFile.reading(path) { try KerasFile($0) }
  }

  private init(_ file: MappedFile) throws {
    if KerasFormat.isArchive(file.bytes) {
      let archive = try ZipArchive(file)
      guard let inner = archive["model.weights.h5"] else {
        throw ZooError(.badData, "the archive holds no model.weights.h5", at: file.path)
      }
      weights = try HDF5File(archive.contents(inner, checksum: true))
      configuration = try Self.json(archive, "config.json")
      let written = try Self.json(archive, "metadata.json")?["keras_version"]?.text
      version = Self.major(written) ?? 3
      hasPaths = true
      return
    }
    weights = try HDF5File(file.memory(in: 0..<file.bytes.count))
    let root = weights.root
    configuration = try root.attributes["model_config"]?.text.map { try JSON($0) }
    let written = root.attributes["keras_version"] ?? root.group("model_weights")?.attributes["keras_version"]
    version = Self.major(written?.text) ?? (configuration == nil ? 3 : 1)
    hasPaths = false
  }

  private static func major(_ version: String?) -> Int? {
    version?.split(separator: ".").first.flatMap { Int($0) }
  }

  private static func json(_ archive: ZipArchive, _ name: String) throws -> JSON? {
    guard let entry = archive[name] else { return nil }
    guard entry.byteCount <= greatestConfiguration else { throw ZooError(.badData, "the file is too large", at: name) }
    let memory = try archive.contents(entry, checksum: true)
    do { return try memory.withBytes { try JSON($0) } } catch let error as ZooError {
      throw error.located(name)
    }
  }

  /// The tensors in the order in which Keras lists them, if it does: that of the layers and of their variables.
  func tensorFile() throws -> TensorFile {
    var file = try weights.tensorFile()
    let listed = try LayerWeights.paths(in: weights.root)
    guard !listed.isEmpty else { return file }
    let places = Dictionary(listed.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    let order = file.tensors.enumerated().sorted {
      let (one, other) = (places[Array($0.element.name.utf8)], places[Array($1.element.name.utf8)])
      return (one ?? listed.count, $0.offset) < (other ?? listed.count, $1.offset)
    }
    file.tensors = order.map(\.element)
    return file
  }

  func model() throws -> ModelDefinition {
    guard let configuration else {
      throw ZooError(
        .badData, "the file holds weights without the model that they belong to",
        advice: "save the model with model.save(\"model.keras\")")
    }
    let model = try KerasModel(configuration, version: version)
    try KerasLayers.check(model)
    let store: any KerasWeights =
      hasPaths
      ? PathWeights(weights.root) : try LayerWeights(weights.root.group("model_weights") ?? weights.root, model)
    var builder = KerasBuilder(weights: store, version: version)
    return try builder.build(model)
  }
}
