import Files

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
public struct WeightFiles: Sendable {
  public var tensors: [NamedTensor]
  /// What the file says about itself, in its own order; no format's writer needs more.
  public var metadata: [Property]
  /// What else the file holds and nobody reads, in words.
  public let unread: [String]
  /// What the checkpoint says besides its tensors, with the entries of the folder's `config.json`.
  public var values: [String: CheckpointValue]
  /// The text of the folder's `tokenizer.json`.
  public var tokenizer: String?
  /// Of the file that holds the tensors.
  public let format: WeightsFormat
  /// Where in a PyTorch checkpoint the tensors were; empty if the whole is the state dictionary.
  public let dictionary: String

  /// Enough for the tokens of any model.
  private static let mostTextBytes = 256 << 20
  /// The usual names of a folder's checkpoint, the best first.
  private static let usualNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    "model.pth", "model.pt", "model.bin",
  ]

  /// Reads the checkpoint at `path`, or the folder. Tensors stay in their files.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file and for a folder without a checkpoint, `badData` for a damaged
  ///   one.
  public init(contentsOf path: String) throws {
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
    guard let name = Self.usualNames.first(where: { FileKind(path: "\(path)/\($0)") == .file }) else {
      throw ZooError(
        .notFound, "the folder holds no checkpoint", at: path,
        advice: "it should hold one of: \(Self.usualNames.joined(separator: ", "))")
    }
    self = try WeightFiles(contentsOf: "\(path)/\(name)")
    if let config = try Self.text("\(path)/config.json") {
      do {
        values.merge(try JSONDecoder().decode([String: CheckpointValue].self, from: Data(config.utf8))) { $1 }
      } catch {
        throw ZooError(.badData, "the file is no JSON object", at: "\(path)/config.json")
      }
    }
    tokenizer = try Self.text("\(path)/tokenizer.json")
  }

  /// The names of the files in `folder` that hold weights.
  public static func fileNames(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { usualNames.contains($0) || WeightsFormat(nameOf: $0) != nil }.sorted()
  }

  /// The text in the file at `path`; `nil` where there is no file.
  private static func text(_ path: String) throws -> String? {
    guard FileKind(path: path) == .file else { return nil }
    return try TextFile.read(path, limit: mostTextBytes)
  }
}
