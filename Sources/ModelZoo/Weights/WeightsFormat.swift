import CaffeFormat
import PyTorchFormat
import SafetensorsFormat

/// The file formats that hold weights without a graph.
public enum WeightsFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// What `torch.save` writes.
  case pytorch
  /// One file, or the index of several.
  case safetensors
  /// Caffe's .caffemodel.
  case caffe

  /// The format of the file at `path`, by its contents; `nil` for any other.
  ///
  /// - Throws: `ZooError` for a file that can't be read.
  public init?(contentsOf path: String) throws {
    let beginning = try InputFile(path: path).read(256)
    let isIndex = path.hasSuffix(".safetensors.index.json")
    if beginning.withUnsafeBytes({ PyTorchFormat.sniff($0) }) {
      self = .pytorch
    } else if isIndex || beginning.withUnsafeBytes({ SafetensorsFormat.sniff($0) }) {
      self = .safetensors
    } else if CaffeFormat.sniffWeights(path) {
      self = .caffe
    } else {
      return nil
    }
  }
}
