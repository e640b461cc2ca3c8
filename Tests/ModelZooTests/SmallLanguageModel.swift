import Foundation
import GGUFFormat
import GraphBuilder
import ZooCore

/// Networks that continue texts, small enough to be asked for each token in many ways.
enum SmallLanguageModel {
  /// A causal network of one layer over 11 tokens, in the form of GPT-2's graph.
  static func decoder(positions: Int = 64, seed: UInt64 = 5) throws -> ModelDefinition {
    var graph = GraphBuilder(name: "decoder", operatorSet: 23)
    var parameters = Parameters(randomSeed: seed)
    let ids = graph.input("input_ids", .int64, ["N", "T"])
    let places = graph.input("position_ids", .int64, ["N", "T"])
    let tokens = graph.constant(try parameters.take("tokens", [11, 8], .weight), "tokens")
    let table = graph.constant(try parameters.take("positions", [positions, 8], .weight), "positions")
    var x = graph.add(
      graph.node("Gather", "embed", [tokens, ids]), graph.node("Gather", "place", [table, places]), "sum")
    let projections = try ["q", "k", "v"].map { name in
      try graph.linear(x, name, weight: parameters.take(name, [8, 8], .weight), bias: nil)
    }
    x = graph.add(
      x, graph.attention(projections[0], projections[1], projections[2], "attention", heads: 2, isCausal: true), "more")
    let logits = try graph.linear(
      x, "head", weight: parameters.take("head", [11, 8], .weight), bias: parameters.take("bias", [11], .weight))
    graph.output(logits, "logits", .float32, ["N", "T", 11])
    return graph.model()
  }

  /// The vocabulary of `write(to:)`: letters, and `end` for the end of a text.
  static func tokens(end: String) -> [String] {
    ["<unk>", "<s>", end] + "abcdefghijklmnopqrstu".map { String($0) }
  }

  /// Writes a file whose weights lie in blocks, and whose network has as many tokens as the vocabulary: the fixture's 24.
  static func write(to path: String, end: String, template: String? = nil) throws {
    let tokens = tokens(end: end)
    func list<Item>(_ items: [Item]) -> String { "[\(items.map { "\($0)" }.joined(separator: ","))]" }
    var properties = [
      ("model", "llama"), ("tokens", "array:string:" + list(tokens.map { "\"\($0)\"" })),
      ("scores", "array:float32:" + list(tokens.indices.map { "-\($0).0" })),
      ("token_type", "array:int32:" + list([2, 3, 3] + Array(repeating: 1, count: 21))),
      ("bos_token_id", "uint32:1"), ("eos_token_id", "uint32:2"), ("add_bos_token", "bool:true"),
      ("add_space_prefix", "bool:false"),
    ].map { Property(key: "tokenizer.ggml." + $0.0, value: $0.1) }
    if let template { properties.append(Property(key: "tokenizer.chat_template", value: template)) }
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"
    var file = try GGUFFormat.read(fixtures + "/language/gguf/llama.gguf")
    file.metadata.removeAll { $0.key.hasPrefix("tokenizer.") }
    file.metadata += properties
    try GGUFFormat.write(file, to: path)
  }
}
