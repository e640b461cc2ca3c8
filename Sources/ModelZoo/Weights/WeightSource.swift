import SafetensorsFormat
import TensorFiles

/// Any file or folder that tensors can be had from: weights, a folder of Hugging Face's, or a model, of which it is the
/// constants.
package struct WeightSource: Sendable {
  package var file: TensorFile
  /// The model, where there is a graph.
  package var model: ModelDefinition?
  /// The format of weights; `nil` where there is a graph.
  package var format: WeightsFormat?

  /// - Throws: `ZooError`, as `WeightFiles` and `ModelDefinition` do.
  package init(contentsOf path: String) throws {
    let format = FileKind(path: path) == .folder ? nil : try WeightsFormat(contentsOf: path)
    if format == nil && FileKind(path: path) != .folder || format == .package {
      let model = try ModelFormat(contentsOf: path, orWeights: true).read(path)
      file = model.tensorFile
      if model.holdsWeightsAlone { self.format = format } else { self.model = model }
      return
    }
    // A kernel machine has a graph and no weights to speak of.
    let graph = try format?.graphFormat(path)?.read(path)
    do {
      let files = try WeightFiles(contentsOf: path)
      file = TensorFile(tensors: files.tensors, metadata: files.metadata, unread: files.unread)
      self.format = files.format
    } catch let error as ZooError where graph != nil && error.kind == .unsupported {
      file = graph?.tensorFile ?? TensorFile(tensors: [])
    }
    model = graph
  }
}

/// Where weights are written.
package enum WeightTarget: Sendable {
  case file(WeightsFormat)
  /// A folder as Hugging Face's libraries write it, in files of at most that many bytes of tensors.
  case folder(shardSize: Int)

  /// What Hugging Face's libraries take.
  package static let usualShardSize = 5_000_000_000

  /// Writes `file` to `path`. Tensors are read one after the other, a piece at a time where their source allows it; what
  /// was at `path` is replaced when all is written.
  ///
  /// - Throws: `ZooError`: `usage` for elements that the format doesn't have, and what reading and writing throws.
  package func write(_ file: TensorFile, to path: String) throws {
    switch self {
    case .folder(let shardSize):
      try Self.check(file, .safetensors, path)
      try SafetensorsFormat.write(file, toFolder: path, shardSize: shardSize)
    case .file(let format):
      guard let write = format.write else {
        let writable = WeightsFormat.all.filter(\.isWritable).flatMap(\.endings)
        throw ZooError(
          .unsupported, "a \(format.title) can be read, but not written", at: path,
          advice: "choose a name that ends with \(writable.joined(separator: ", "))")
      }
      try Self.check(file, format, path)
      try write(file, path)
    }
  }

  private static func check(_ file: TensorFile, _ format: WeightsFormat, _ path: String) throws {
    for item in file.tensors where !format.types.contains(item.tensor.type) {
      let type = item.tensor.type
      throw ZooError(
        .usage, "a \(format.title) has no elements of type \(type.name)", at: "\(path): tensor \"\(item.name)\"",
        advice: type.isFloating ? "cast it with --dtype, or leave it out with --exclude" : "leave it out with --exclude"
      )
    }
  }
}
