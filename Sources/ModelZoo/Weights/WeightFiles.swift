import Files
import TensorFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A user's weights and what lies beside them: one file of any format of weights, or a folder as Hugging Face's tools
/// write it.
///
/// ```swift
/// let files = try WeightFiles(contentsOf: "marian-en-de")
/// let model = try transformer.model(weights: files.tensors, values: files.values)
/// ```
package struct WeightFiles: Sendable {
  package var tensors: [NamedTensor]
  /// What the file says about itself, in its own order; no format's writer needs more.
  package var metadata: [Property]
  /// What else the file holds and nobody reads, in words.
  package private(set) var unread: [String]
  /// What the checkpoint says besides its tensors, with the entries of the folder's `config.json`.
  package var values: [String: CheckpointValue]
  /// The text of the folder's `tokenizer.json`.
  package var tokenizer: String?
  /// Of the file that holds the tensors.
  package let format: WeightsFormat
  /// Where in a PyTorch checkpoint the tensors were; empty if the whole is the state dictionary.
  package let dictionary: String

  /// Enough for the tokens of any model.
  private static let mostTextBytes = 256 << 20
  /// Reads the checkpoint at `path`, or the folder. Tensors stay in their files.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file and for a folder without a checkpoint, `badData` for a damaged
  ///   one.
  package init(contentsOf path: String) throws {
    guard FileKind(path: path) == .folder else {
      guard let format = try WeightsFormat(contentsOf: path) else {
        if let model = try? ModelFormat(contentsOf: path) {
          throw ZooError(
            .badData, "the file is a model, not weights alone (\(model.title))", at: path,
            advice: "zoo convert takes its constants: zoo convert \(path) weights.safetensors")
        }
        throw ZooError.unknownFile(path, expected: WeightsFormat.all.map(\.title))
      }
      let contents = try format.read(path)
      (tensors, metadata, self.format) = (contents.file.tensors, contents.file.metadata, format)
      unread = contents.file.unread
      (values, dictionary) = (contents.values, contents.dictionary)
      return
    }
    self = try WeightFiles(folder: path, FolderWeights(path))
    if let config = try Self.text("\(path)/config.json") {
      do {
        values.merge(try JSONDecoder().decode([String: CheckpointValue].self, from: Data(config.utf8))) { $1 }
      } catch {
        throw ZooError(.badData, "the file is no JSON object", at: "\(path)/config.json")
      }
    }
    tokenizer = try Self.text("\(path)/tokenizer.json")
  }

  /// The weights that were found in a folder: one file, or those of one model.
  private init(folder: String, _ found: FolderWeights) throws {
    self = try WeightFiles(contentsOf: "\(folder)/\(found.names[0])")
    guard found.names.count > 1 else { return }
    let others = try found.names.dropFirst().map { try WeightFiles(contentsOf: "\(folder)/\($0)").file }
    let joined = TensorFile(joining: [file] + others)
    var seen: Set<[UInt8]> = []
    for item in joined.tensors where !seen.insert(Array(item.name.utf8)).inserted {
      throw ZooError(.badData, "two of the files hold a tensor of that name", at: "\(folder): tensor \"\(item.name)\"")
    }
    (tensors, metadata, unread) = (joined.tensors, joined.metadata, joined.unread)
  }

  private var file: TensorFile { TensorFile(tensors: tensors, metadata: metadata, unread: unread) }

  /// The names of the files in `folder` that hold weights.
  package static func fileNames(in folder: String) -> [String] { FolderWeights.candidates(in: folder) }

  /// The text in the file at `path`; `nil` where there is no file.
  private static func text(_ path: String) throws -> String? {
    guard FileKind(path: path) == .file else { return nil }
    return try TextFile.read(path, limit: mostTextBytes)
  }
}
