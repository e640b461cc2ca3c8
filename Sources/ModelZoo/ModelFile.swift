import KerasFormat
import ONNXFormat
import PackageFormat
import PyTorchFormat
import SVMModelFormat
import SafetensorsFormat

/// The file formats that hold a whole model.
public enum ModelFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// The project's own package, `.zoo`.
  case package = "zoo"
  case onnx
  /// Keras' .keras, or .h5 with the model's configuration. Only read.
  case keras
  /// A model file of LIBLINEAR or LIBSVM. Only read.
  case svm

  /// The formats that models are written in, whose files are named after them.
  public static let written: [ModelFormat] = [.package, .onnx]

  /// The format of the file at `path`, by its contents.
  ///
  /// - Throws: `ZooError`: `notFound` where there is no file, `badData` for one of any other kind.
  public init(contentsOf path: String) throws {
    let file = try InputFile(path: path)
    let beginning = try file.read(256)
    guard !beginning.isEmpty else { throw ZooError(.badData, "the file is empty", at: path) }
    if PackageFormat.sniff(beginning) {
      self = .package
    } else if beginning.withUnsafeBytes({ KerasFormat.sniff($0) }) {
      self = .keras
    } else if beginning.withUnsafeBytes({ SVMModelFormat.sniff($0) }) {
      self = .svm
    } else if beginning.withUnsafeBytes({ PyTorchFormat.sniff($0) }) {
      throw ZooError(
        .badData, "a PyTorch checkpoint holds weights without a graph", at: path,
        advice: "make a package of it with the architecture that it belongs to: zoo pack ARCH --weights \(path)")
    } else if beginning.withUnsafeBytes({ SafetensorsFormat.sniff($0) }) {
      throw ZooError(
        .badData, "a safetensors file holds weights without a graph", at: path,
        advice: "make a package of the folder that it is in, with its config.json and tokenizer: zoo pack FOLDER")
    } else if ONNXFormat.sniff(path) {
      self = .onnx
    } else {
      throw ZooError(.badData, "neither a .zoo package nor an ONNX, Keras or SVM model", at: path)
    }
  }

  /// The format that the name of a file to be written asks for.
  ///
  /// - Throws: `ZooError` (`usage`) for any other ending.
  public init(extensionOf path: String) throws {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.split(separator: ".").count > 1 ? name.split(separator: ".").last.map(String.init) : nil
    guard let ending, let format = ModelFormat(rawValue: ending.lowercased()), Self.written.contains(format) else {
      throw ZooError(
        .usage, "the name does not say which format to write", at: path,
        advice: "end it with \(Self.written.map { ".\($0.rawValue)" }.joined(separator: " or "))")
    }
    self = format
  }
}

extension ModelDefinition {
  /// The model in the file at `path`, of any of `ModelFormat`'s formats, told apart by their contents. Weights stay in the
  /// file until they are needed.
  ///
  /// - Throws: `ZooError`: `notFound` or `badData`.
  public init(contentsOf path: String) throws {
    self =
      switch try ModelFormat(contentsOf: path) {
      case .package: try PackageFormat.read(path)
      case .onnx: try ONNXFormat.read(path)
      case .keras: try KerasFormat.readModel(path)
      case .svm: try SVMModelFormat.readModel(path)
      }
  }

  /// Writes the model to `path` in `format`. The file appears when it is complete; one that is there is replaced.
  ///
  /// - Throws: `ZooError`.
  public func write(to path: String, format: ModelFormat) throws {
    switch format {
    case .package: try PackageFormat.write(self, to: path)
    case .onnx: try ONNXFormat.write(self, to: path)
    case .keras, .svm:
      throw ZooError(
        .usage, "models are not written as \(format.rawValue)", at: path,
        advice: "choose one of \(ModelFormat.written.map(\.rawValue).joined(separator: ", "))")
    }
  }
}
