import GraphBuilder
import HuggingFace
import JSON
import ZooCore

/// A module of sentence-transformers behind the network.
enum SentenceModule {
  case pooling(SentencePooling)
  case dense(SentenceDense)
  /// Layer normalization with the weights of the module in the folder of that name.
  case layerNormalization(path: String, weights: [NamedTensor])
  /// The vector is scaled to length 1.
  case normalize(path: String)

  /// The module that an entry of modules.json lists; `nil` for the network itself, and for what serves training only.
  init?(_ json: JSON, _ folder: PretrainedFolder) throws {
    let kind = json["type"]?.text ?? ""
    let path = try Self.path(of: json)
    switch kind.split(separator: ".").last {
    case "Transformer", "Dropout": return nil
    case "Pooling": self = .pooling(try SentencePooling(Self.settings(folder, path)))
    case "Dense": self = .dense(try SentenceDense(Self.settings(folder, path), path, folder))
    case "LayerNorm": self = .layerNormalization(path: path, weights: try Self.weights(folder, path))
    case "Normalize":
      // Older folders hold nothing of this module.
      try folder.settings("\(path)/config.json")?.require(["module_input_name": .text("sentence_embedding")])
      self = .normalize(path: path.isEmpty ? "normalize" : path)
    default:
      throw ZooError(.unsupported, "the module \"\(kind)\" can't be computed here", at: "modules.json")
    }
  }

  var isPooling: Bool { if case .pooling = self { true } else { false } }

  /// The folder of the module that an entry lists.
  static func path(of json: JSON) throws -> String {
    let name = json["path"]?.text ?? ""
    // A name that leads out of the folder could be any file of the machine.
    guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
      throw ZooError(.badData, "the module \"\(name)\" is not in the folder", at: "modules.json")
    }
    return name
  }

  private static func settings(_ folder: PretrainedFolder, _ path: String) throws -> PretrainedSettings {
    let name = path.isEmpty ? "config.json" : "\(path)/config.json"
    guard let settings = try folder.settings(name) else {
      throw ZooError(.notFound, "the settings of a module are missing", at: name)
    }
    return settings
  }

  /// The module's tensors, behind its path.
  static func weights(_ folder: PretrainedFolder, _ path: String) throws -> [NamedTensor] {
    try folder.weights(in: path).map { NamedTensor(name: "\(path).\($0.name)", tensor: $0.tensor) }
  }

  /// What the module makes of `value`, and how wide it is.
  func apply(
    to value: GraphBuilder.Value, mask: GraphBuilder.Value, width: Int, _ graph: inout GraphBuilder
  ) throws -> (GraphBuilder.Value, width: Int) {
    switch self {
    case .pooling(let pooling):
      return (try pooling.apply(to: value, mask: mask, &graph), width * pooling.modes.count)
    case .dense(let dense): return (try dense.apply(to: value, width: width, &graph), dense.outputs)
    case .layerNormalization(let path, let weights):
      var parameters = try Parameters(weights)
      let result = try graph.layerNormalization(value, "\(path).norm", width: width, epsilon: 1e-5, &parameters)
      try parameters.finish(for: "a layer normalization of \(width) components")
      return (result, width)
    case .normalize(let path):
      let length = graph.node(
        "ReduceL2", "\(path).length", [value, try graph.constant([1], "\(path).axes")])
      let bounded = graph.node("Max", "\(path).bounded", [length, try graph.constant(1e-12, "\(path).least")])
      return (graph.node("Div", path, [value, bounded]), width)
    }
  }
}
