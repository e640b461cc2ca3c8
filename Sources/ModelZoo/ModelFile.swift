import ONNXFormat
import PackageFormat

/// The file formats that hold a whole model.
public enum ModelFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// The project's own package, `.zoo`.
  case package = "zoo"
  case onnx

  /// The format of the file at `path`, by its contents.
  ///
  /// - Throws: `ZooError`: `notFound` where there is no file, `badData` for one of any other kind.
  public init(contentsOf path: String) throws {
    let file = try InputFile(path: path)
    let beginning = try file.read(256)
    guard !beginning.isEmpty else { throw ZooError(.badData, "the file is empty", at: path) }
    if PackageFormat.sniff(beginning) {
      self = .package
    } else if let weights = try WeightsFormat(contentsOf: path) {
      throw ZooError(
        .badData, "a \(weights.title) holds weights without a graph", at: path,
        advice: "make a package of it with the architecture that it belongs to, zoo pack ARCH --weights \(path), or of "
          + "the folder that it is in with its config.json, zoo pack FOLDER")
    } else if ONNXFormat.sniff(path) {
      self = .onnx
    } else {
      throw ZooError(.badData, "neither a .zoo package nor an ONNX model", at: path)
    }
  }

  /// The format that the name of a file to be written asks for.
  ///
  /// - Throws: `ZooError` (`usage`) for any other ending.
  public init(extensionOf path: String) throws {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.split(separator: ".").count > 1 ? name.split(separator: ".").last.map(String.init) : nil
    guard let ending, let format = ModelFormat(rawValue: ending.lowercased()) else {
      throw ZooError(
        .usage, "the name does not say which format to write", at: path,
        advice: "end it with \(ModelFormat.allCases.map { ".\($0.rawValue)" }.joined(separator: " or "))")
    }
    self = format
  }
}

extension ModelDefinition {
  /// Weights without a graph, as a package holds them.
  public init(_ file: TensorFile) {
    self.init()
    graph.initializers = file.tensors
    properties = file.metadata
  }

  /// The model's constants, and what its file says about itself.
  public var tensorFile: TensorFile { TensorFile(tensors: graph.initializers, metadata: properties) }

  /// Whether nothing is computed: the package holds weights alone.
  public var holdsWeightsAlone: Bool { graph.nodes.isEmpty && graph.inputs.isEmpty && graph.outputs.isEmpty }

  /// The model in the .zoo or .onnx file at `path`, told apart by their contents. Weights stay in the file until they
  /// are needed.
  ///
  /// - Throws: `ZooError`: `notFound` or `badData`.
  public init(contentsOf path: String) throws {
    self =
      switch try ModelFormat(contentsOf: path) {
      case .package: try PackageFormat.read(path)
      case .onnx: try ONNXFormat.read(path)
      }
  }

  /// Writes the model to `path` in `format`. The file appears when it is complete; one that is there is replaced.
  ///
  /// - Throws: `ZooError`.
  public func write(to path: String, format: ModelFormat) throws {
    switch format {
    case .package: try PackageFormat.write(self, to: path)
    case .onnx: try ONNXFormat.write(self, to: path)
    }
  }
}
