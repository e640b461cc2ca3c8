import GGUFFormat
import NumPyFormat
import PyTorchFormat
import SafetensorsFormat

/// The file formats that hold weights without a graph.
public enum WeightsFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// What `torch.save` writes.
  case pytorch
  /// One file, or the index of several.
  case safetensors
  /// `.npy` and `.npz`.
  case numpy
  /// llama.cpp's, exact or in blocks.
  case gguf

  /// What people call such a file.
  public var title: String {
    switch self {
    case .pytorch: "PyTorch checkpoint"
    case .safetensors: "safetensors"
    case .numpy: "NumPy arrays"
    case .gguf: "GGUF"
    }
  }

  /// The format of the file at `path`, by its contents; `nil` for any other.
  ///
  /// - Throws: `ZooError` for a file that can't be read.
  public init?(contentsOf path: String) throws {
    let beginning = try InputFile(path: path).read(4096)
    let isIndex = path.hasSuffix(".safetensors.index.json")
    if beginning.withUnsafeBytes({ GGUFFormat.sniff($0) }) {
      self = .gguf
    } else if beginning.withUnsafeBytes({ NumPyFormat.sniff($0) }) {
      self = .numpy
    } else if beginning.withUnsafeBytes({ PyTorchFormat.sniff($0) }) {
      self = .pytorch
    } else if isIndex || beginning.withUnsafeBytes({ SafetensorsFormat.sniff($0) }) {
      self = .safetensors
    } else {
      return nil
    }
  }
}
