import CaffeFormat
import Files
import GGUFFormat
import KerasFormat
import ONNXFormat
import OpsetConversion
import PackageFormat
import SVMModelFormat
import TFLiteFormat
import TensorFiles
import Tokenizers
import TransformerDecoder

/// The file formats that hold a whole model.
public enum ModelFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// The project's own package, `.zoo`.
  case package = "zoo"
  case onnx
  /// Caffe's .prototxt, beside which lies a .caffemodel. Only read.
  case caffe
  /// TensorFlow Lite's .tflite. Only read.
  case tflite
  /// Keras' .keras, or .h5 with the model's configuration. Only read.
  case keras
  /// llama.cpp's .gguf with a decoder that is built here. Only read.
  case gguf
  /// A model file of LIBLINEAR or LIBSVM. Only models that are support vector machines are written, for LIBSVM.
  case svm

  /// The formats that any model can be written in, whose files are named after them.
  public static let written: [ModelFormat] = [.package, .onnx]

  /// The format of the file at `path`, by its contents.
  ///
  /// - Throws: `ZooError`: `notFound` where there is no file, `badData` for one of any other kind.
  public init(contentsOf path: String) throws(ZooError) {
    do { try self.init(contentsOf: path, orWeights: false) } catch { throw ZooError(error) }
  }

  /// - Parameter takesWeights: Whether the caller also takes weights without a graph, which the error is to say.
  init(contentsOf path: String, orWeights takesWeights: Bool) throws {
    let file = try InputFile(path: path)
    let beginning = try file.read(256)
    if PackageFormat.sniff(beginning) {
      self = .package
    } else if let weights = try WeightsFormat(contentsOf: path) {
      if let format = try weights.graphFormat(path) {
        self = format
        return
      }
      throw ZooError(
        .badData, "a \(weights.title) holds weights without a graph", at: path,
        advice: weights == .caffe
          ? "give the network's deploy.prototxt, beside which this file lies"
          : "make a package of it with the architecture that it belongs to, zoo pack ARCH --weights \(path), or of "
            + "the folder that it is in with its config.json, zoo pack FOLDER")
    } else if beginning.withUnsafeBytes({ TFLiteFormat.sniff($0) }) {
      self = .tflite
    } else if path.hasSuffix(".prototxt") || beginning.withUnsafeBytes({ CaffeFormat.sniff($0) }) {
      self = .caffe
    } else if ONNXFormat.sniff(path) {
      self = .onnx
    } else {
      let models = Self.allCases.map(\.title)
      let weights = takesWeights ? WeightsFormat.all.map(\.title).filter { !models.contains($0) } : []
      throw ZooError.unknownFile(path, expected: models + weights)
    }
  }

  /// The format that the name of a file to be written asks for.
  ///
  /// - Throws: `ZooError` (`usage`) for any other ending.
  public init(extensionOf path: String) throws(ZooError) {
    do {
      let name = path.split(separator: "/").last ?? ""
      let ending = name.split(separator: ".").count > 1 ? name.split(separator: ".").last.map(String.init) : nil
      guard let ending, let format = ModelFormat(rawValue: ending.lowercased()), Self.written.contains(format) else {
        throw ZooError(
          .usage, "the name does not say which format to write", at: path,
          advice: "end it with \(Self.written.map { ".\($0.rawValue)" }.joined(separator: " or "))")
      }
      self = format
    } catch { throw ZooError(error) }
  }
}

extension ModelFormat {
  /// The model in the file at `path`, which is of this format.
  func read(_ path: String) throws -> ModelDefinition {
    switch self {
    case .package: try PackageFormat.read(path)
    case .onnx: try ONNXFormat.read(path)
    case .caffe: try ModelDefinition(prototxt: path)
    case .tflite: try TFLiteFormat.read(path)
    case .keras: try KerasFormat.readModel(path)
    case .svm: try SVMModelFormat.readModel(path)
    case .gguf:
      try ZooError.locating(path) {
        let (file, metadata) = try GGUFFormat.readModel(path)
        var model = try LanguageModel.model(gguf: file, metadata)
        let tokenizer = try TokenizerMetadata(metadata)
        model.metadata.tokenizerSource = tokenizer.map { tokenizer in TokenizerSource(tokenizer) { tokenizer.json } }
        model.metadata.chat = metadata.text("tokenizer.chat_template").map { template in
          ChatSettings(
            template: template,
            tokens: (tokenizer?.namedTokens ?? []).map { ChatSettings.NamedToken(name: $0.name, text: $0.text) })
        }
        if tokenizer != nil { model.metadata.task = .textGeneration }
        let name = path.split(separator: "/").last ?? "model"
        model.metadata.name = String(name.hasSuffix(".gguf") ? name.dropLast(5) : name)
        return model
      }
    }
  }
}

extension ModelDefinition {
  /// Weights without a graph, as a package holds them.
  package init(_ file: TensorFile) {
    self.init()
    graph.initializers = file.tensors
    properties = file.metadata
  }

  /// The model's constants, and what its file says about itself.
  package var tensorFile: TensorFile { TensorFile(tensors: graph.initializers, metadata: properties) }

  /// Whether nothing is computed: the package holds weights alone.
  package var holdsWeightsAlone: Bool { graph.nodes.isEmpty && graph.inputs.isEmpty && graph.outputs.isEmpty }

  /// The model in the file at `path`, of any of `ModelFormat`'s formats, told apart by their contents. Weights stay in the
  /// file until they are needed.
  ///
  /// - Throws: `ZooError`: `notFound` or `badData`.
  public init(contentsOf path: String) throws(ZooError) {
    do { self = try ModelFormat(contentsOf: path).read(path) } catch { throw ZooError(error) }
  }

  /// Whether the model holds a support vector machine, which a file of LIBSVM or LIBLINEAR may take.
  package var holdsMachine: Bool { SVMModelFormat.holdsMachine(self) }

  /// Graphs that are built here rely on what ONNX allows; other runtimes don't run all of it. Those of others stay as they
  /// are.
  private func runnableElsewhere() throws -> ModelDefinition {
    guard producerName == Self.ownProducer,
      graph.nodes.contains(where: { $0.operatorType == "Attention" && $0.inputs.count > 3 })
    else { return self }
    return try expandingAttentionMasks()
  }

  /// Writes the model to `path` in `format`. The file appears when it is complete; one that is there is replaced.
  ///
  /// - Throws: `ZooError`.
  public func write(to path: String, format: ModelFormat) throws(ZooError) {
    do {
      switch format {
      case .package: try PackageFormat.write(self, to: path)
      case .onnx: try ONNXFormat.write(runnableElsewhere().dequantizingBlocks(), to: path)
      case .svm: try SVMModelFormat.write(self, to: path)
      case .caffe, .tflite, .keras, .gguf:
        throw ZooError(
          .usage, "models are not written as \(format.rawValue)", at: path,
          advice: "choose one of \(ModelFormat.written.map(\.rawValue).joined(separator: ", "))")
      }
    } catch { throw ZooError(error) }
  }
}
