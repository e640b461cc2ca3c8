import HuggingFace
import JSON
import ZooCore

/// How a folder of sentence-transformers says that tokens' vectors become one: modules.json, the settings of the modules
/// that it lists, and sentence_bert_config.json.
struct SentenceSettings {
  let embedding: EmbeddingSettings

  /// - Parameter positions: Tokens that the network takes.
  /// - Throws: `ZooError`: `badData`, or `unsupported` for modules that can't be computed here.
  init(_ folder: PretrainedFolder, positions: Int) throws {
    // Without modules, the mean over the tokens is what most models are made for.
    var pooling = EmbeddingSettings.Pooling.mean
    var normalizes = false
    for module in try folder.settings("modules.json")?.json.list ?? [] {
      let kind = module["type"]?.text ?? ""
      switch kind.split(separator: ".").last {
      case "Transformer": break
      case "Normalize": normalizes = true
      case "Pooling":
        let name = module["path"]?.text ?? ""
        // A name that leads out of the folder could be any file of the machine.
        guard !name.split(separator: "/").contains("..") else {
          throw ZooError(.badData, "the module \"\(name)\" is not in the folder", at: "modules.json")
        }
        pooling = try Self.pooling(folder, "\(name)/config.json")
      default:
        throw ZooError(.unsupported, "the module \"\(kind)\" can't be computed here", at: "modules.json")
      }
    }
    let longest =
      try folder.settings("sentence_bert_config.json")?.count("max_seq_length", default: positions) ?? positions
    embedding = EmbeddingSettings(
      pooling: pooling, normalizes: normalizes, maximumLength: min(longest, positions))
  }

  private static func pooling(_ folder: PretrainedFolder, _ name: String) throws -> EmbeddingSettings.Pooling {
    guard let settings = try folder.settings(name) else {
      throw ZooError(.notFound, "the settings of a module are missing", at: name)
    }
    // Newer files give the mode by its name, older ones a flag for each.
    if let mode = settings.value("pooling_mode")?.text {
      switch mode {
      case "mean": return .mean
      case "cls": return .first
      case "max": return .maximum
      default: throw ZooError(.unsupported, "the pooling \"\(mode)\" is unknown", at: name)
      }
    }
    let flags = (settings.json.members ?? []).filter { $0.name.hasPrefix("pooling_mode_") && $0.value.bool == true }
    switch flags.map(\.name) {
    case ["pooling_mode_mean_tokens"]: return .mean
    case ["pooling_mode_cls_token"]: return .first
    case ["pooling_mode_max_tokens"]: return .maximum
    case let names:
      throw ZooError(.unsupported, "the pooling \(names.joined(separator: " with ")) is unknown", at: name)
    }
  }
}
