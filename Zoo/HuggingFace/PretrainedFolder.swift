import Files
import GraphBuilder
import JSON
import PyTorchFormat
import SafetensorsFormat
import ZooCore

/// A folder as Hugging Face's libraries save a model in: config.json, weights, and what the tokenizer needs.
package struct PretrainedFolder: Sendable {
  package let path: String
  /// config.json.
  package let configuration: PretrainedSettings

  /// Texts of settings and tokenizers that are larger than this are no such thing.
  private static let greatestText = 256 << 20

  /// - Throws: `ZooError`: `notFound` where there is no config.json, `badData` for one that is no JSON.
  package init(_ path: String) throws {
    self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
    guard let configuration = try Self.settings(self.path, "config.json") else {
      throw ZooError(
        .notFound, "the folder has no config.json", at: path,
        advice: "give a folder that a model was saved in by save_pretrained or downloaded to from Hugging Face")
    }
    self.configuration = configuration
  }

  /// The family that config.json says the model is of: `bert`, `gpt2`.
  package var modelType: String { get throws { try configuration.text("model_type") } }

  /// The folder's name, which a package is called by.
  package var name: String { String(path.split(separator: "/").last ?? "model") }

  /// The weights, from model.safetensors or pytorch_model.bin, or the files of their index. They stay where they are.
  ///
  /// - Parameter subfolder: Where a part that has a folder of its own lies, such as `2_Dense`.
  package func weights(in subfolder: String = "") throws -> [NamedTensor] {
    let base = subfolder.isEmpty ? "" : "\(subfolder)/"
    for name in ["model.safetensors", "model.safetensors.index.json"] where exists(base + name) {
      return try SafetensorsFormat.read("\(path)/\(base)\(name)").tensors
    }
    let checkpoints = ["pytorch_model.bin", "pytorch_model.bin.index.json"]
    guard let checkpoint = checkpoints.first(where: { exists(base + $0) }) else {
      throw ZooError(
        .notFound, "the folder has no weights", at: subfolder.isEmpty ? path : "\(path)/\(subfolder)",
        advice: "it needs model.safetensors or pytorch_model.bin, or an index of such files")
    }
    return try PyTorchFormat.read("\(path)/\(base)\(checkpoint)").tensors
  }

  /// The JSON in the file `name`; `nil` if there is no such file.
  package func settings(_ name: String) throws -> PretrainedSettings? { try Self.settings(path, name) }

  /// The text in the file `name`; `nil` if there is no such file.
  package func text(_ name: String) throws -> String? {
    exists(name) ? try Self.text("\(path)/\(name)") : nil
  }

  package func exists(_ name: String) -> Bool { Self.exists("\(path)/\(name)") }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func text(_ path: String) throws -> String {
    try MappedFile.reading(path) { file in
      guard file.bytes.count <= greatestText else { throw ZooError(.badData, "the file is too large", at: path) }
      guard let text = String(validating: file.bytes, as: UTF8.self) else {
        throw ZooError(.badData, "the file is no UTF-8 text", at: path)
      }
      return text
    }
  }

  private static func settings(_ folder: String, _ name: String) throws -> PretrainedSettings? {
    let path = "\(folder)/\(name)"
    guard exists(path) else { return nil }
    return try ZooError.locating(path) { PretrainedSettings(try JSON(lenient: text(path)), path) }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
