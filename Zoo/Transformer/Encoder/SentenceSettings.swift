import GraphBuilder
import HuggingFace
import JSON
import ZooCore

/// What a folder of sentence-transformers says of the way from a text to a vector: modules.json, the settings of the modules
/// that it lists, sentence_bert_config.json and config_sentence_transformers.json.
struct SentenceSettings {
  let embedding: EmbeddingSettings
  /// What follows on the vectors of the tokens; none of a folder that lists no modules.
  private let modules: [SentenceModule]
  private let lowercases: Bool

  /// - Parameter positions: Tokens that the network takes.
  /// - Throws: `ZooError`: `badData`, or `unsupported` for modules that can't be computed here.
  init(_ folder: PretrainedFolder, positions: Int) throws {
    let listed = try folder.settings("modules.json")?.json.list ?? []
    modules = try listed.compactMap { try SentenceModule($0, folder) }
    guard modules.isEmpty || modules[0].isPooling, !modules.dropFirst().contains(where: \.isPooling) else {
      throw ZooError(.unsupported, "no Pooling, or more than one, follows the network", at: "modules.json")
    }
    let settings = try Self.settings(folder, listed)
    lowercases = try settings?.bool("do_lower_case", default: false) ?? false
    let prompts = try folder.settings("config_sentence_transformers.json")
    embedding = EmbeddingSettings(
      // Without modules, the mean over the tokens is what most models are made for.
      pooling: modules.isEmpty ? .mean : .network, normalizes: false,
      maximumLength: min(positions, try Self.maximumLength(folder, settings) ?? positions),
      prompts: (prompts?.value("prompts")?.members ?? []).map { .init(name: $0.name, text: $0.value.text ?? "") },
      defaultPrompt: prompts?.value("default_prompt_name")?.text)
    try embedding.checkPrompts(at: "\(folder.path)/config_sentence_transformers.json")
  }

  /// The settings of the module that is the network, under one of the names that they have had.
  private static func settings(_ folder: PretrainedFolder, _ modules: [JSON]) throws -> PretrainedSettings? {
    let path = try modules.first.map { try SentenceModule.path(of: $0) } ?? ""
    for family in ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"] {
      let name = "sentence_\(family)_config.json"
      if let settings = try folder.settings(path.isEmpty ? name : "\(path)/\(name)") { return settings }
    }
    return nil
  }

  /// Tokens that a text is cut to: what the module says, or else the tokenizer.
  private static func maximumLength(_ folder: PretrainedFolder, _ settings: PretrainedSettings?) throws -> Int? {
    if settings?.value("max_seq_length") != nil { return try settings?.count("max_seq_length") }
    let place = "\(folder.path)/tokenizer_config.json"
    var numbers = ["processor_kwargs", "tokenizer_args"].map { settings?.value($0)?["model_max_length"] }
    let tokenizer = try folder.settings("tokenizer_config.json")
    numbers += [tokenizer?.value("model_max_length"), tokenizer?.value("max_len")]
    guard let number = numbers.compactMap({ $0?.number }).first else { return nil }
    // Tokenizers without a limit have 10^30.
    guard number >= 1 else { throw ZooError(.badData, "texts of \(number) tokens", at: place) }
    return number < Double(Int32.max) ? Int(number) : nil
  }

  /// The folder's tokenizer, lowercasing first where the module says so.
  func tokenizer(_ folder: PretrainedFolder) throws -> String {
    let text = try folder.tokenizer()
    guard lowercases, case .object(var members) = try JSON(text) else { return text }
    let lowercase = JSON.object([JSON.Member(name: "type", value: .text("Lowercase"))])
    let index = members.lastIndex { $0.name == "normalizer" }
    let old = index.map { members[$0].value } ?? .null
    let steps = old["type"]?.text == "Sequence" ? old["normalizers"]?.list ?? [] : old.isNull ? [] : [old]
    guard !steps.contains(where: { $0["type"]?.text == "Lowercase" }) else { return text }
    let normalizer = JSON.object([
      JSON.Member(name: "type", value: .text("Sequence")),
      JSON.Member(name: "normalizers", value: .list([lowercase] + steps)),
    ])
    if let index { members.remove(at: index) }
    members.append(JSON.Member(name: "normalizer", value: normalizer))
    return JSON.object(members).document
  }

  /// The vector of a text, of its tokens' (N, S, width) and which of them are there (N, S); `nil` where no module says
  /// how.
  func vector(
    of states: GraphBuilder.Value, mask: GraphBuilder.Value, width: Int, _ folder: PretrainedFolder,
    _ graph: inout GraphBuilder
  ) throws -> NetworkOutput? {
    guard !modules.isEmpty else { return nil }
    var (value, width) = (states, width)
    for (index, module) in modules.enumerated() {
      graph.scope = "sentence.\(index)."
      (value, width) = try module.apply(to: value, mask: mask, width: width, &graph)
    }
    graph.scope = ""
    return NetworkOutput(
      value: value, name: "sentence_embedding", shape: ["N", ShapeDimension(.fixed(Int64(width)))])
  }
}
