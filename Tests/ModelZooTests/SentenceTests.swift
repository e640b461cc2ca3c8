import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore

/// The settings of sentence-transformers, beside the vectors that it makes (make_pretrained.py).
@Suite struct SentenceTests {
  struct Expected: Decodable {
    struct Variant: Decodable, CustomTestStringConvertible {
      var name: String
      var prompt: String?
      var files: [String: String]
      var vectors: [[Float]]
      var testDescription: String { name }
    }
    var texts: [String]
    var variants: [Variant]

    init() throws {
      let url = URL(fileURLWithPath: fixture("sentences.json"))
      self = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url))
    }
  }

  private func withVariant(_ files: [String: String], _ body: (String) throws -> Void) throws {
    try withFolder { folder in
      let copy = folder + "/model"
      try FileManager.default.copyItem(atPath: fixture("bert"), toPath: copy)
      try FileManager.default.copyItem(atPath: fixture("dense/2_Dense"), toPath: copy + "/2_Dense")
      for (name, text) in files { try text.write(toFile: copy + "/" + name, atomically: true, encoding: .utf8) }
      try body(copy)
    }
  }

  private func vectors(_ model: Model, _ texts: [String], prompt: String? = nil) throws -> [[Float]] {
    try model.predict(texts.map { .text($0, prompt: prompt) }).map { answer -> [Float] in
      if case .embedding(let vector) = answer { vector } else { [] }
    }
  }

  @Test func vectorsAreThoseOfTheLibrary() throws {
    let expected = try Expected()
    #expect(expected.variants.count == 15)
    for variant in expected.variants {
      try withVariant(variant.files) { folder in
        let model = try pretrainedModel(folder)
        let found = try vectors(model, expected.texts, prompt: variant.prompt)
        for (text, (vector, wanted)) in zip(expected.texts, zip(found, variant.vectors)) {
          try #require(vector.count == wanted.count, "\(variant.name)")
          let largest = wanted.reduce(1) { max($0, abs($1)) }
          let distance = zip(vector, wanted).map { abs($0 - $1) }.max() ?? 0
          #expect(distance < 2e-5 * largest, "\(variant.name): \(text)")
        }
      }
    }
  }

  @Test func aPackageKeepsPromptsAndModules() throws {
    let expected = try Expected()
    let variant = try #require(expected.variants.first { $0.name == "excluded prompt" })
    try withVariant(variant.files) { folder in
      let path = folder + "/model.zoo"
      try ModelDefinition(pretrainedFolder: folder).write(to: path, format: .package)
      let read = try ModelDefinition(contentsOf: path)
      #expect(read.metadata.embedding?.prompts.map(\.name).sorted() == ["passage", "query"])
      #expect(read.metadata.embedding?.defaultPrompt == "query")
      #expect(try ModelDefinition(pretrainedFolder: folder).metadata.embedding == read.metadata.embedding)
    }
  }

  @Test func textsAreLowercasedWhereTheModuleSaysSo() throws {
    let tokenizer = try String(contentsOfFile: fixture("bert/tokenizer.json"), encoding: .utf8)
      .replacingOccurrences(of: "\"lowercase\": true", with: "\"lowercase\": false")
    #expect(tokenizer.contains("\"lowercase\": false"))
    for lowercases in [false, true] {
      let settings = "{\"max_seq_length\": 24, \"do_lower_case\": \(lowercases)}"
      try withVariant(["tokenizer.json": tokenizer, "sentence_bert_config.json": settings]) { folder in
        let found = try vectors(try pretrainedModel(folder), ["A Dog RUNS", "a dog runs"])
        #expect((found[0] == found[1]) == lowercases)
      }
    }
  }

  @Test func unknownPromptsAndModulesAreRefused() throws {
    let model = try pretrainedModel(fixture("bert"))
    #expect(kind { try model.predict(.text("a", prompt: "query")) } == .usage)
    for (files, kind, text) in [
      (
        ["modules.json": "[{\"type\":\"a.Transformer\",\"path\":\"\"},{\"type\":\"a.WordWeights\",\"path\":\"1\"}]"],
        ZooError.Kind.unsupported, "WordWeights"
      ),
      (
        ["modules.json": "[{\"type\":\"a.Transformer\",\"path\":\"\"},{\"type\":\"a.Dense\",\"path\":\"../2\"}]"],
        .badData, "../2"
      ),
      (["1_Pooling/config.json": "{\"pooling_mode\": \"median\"}"], .unsupported, "median"),
      (["1_Pooling/config.json": "{\"pooling_mode_median\": true}"], .unsupported, "pooling_mode_median"),
      (["config_sentence_transformers.json": "{\"prompts\": {}, \"default_prompt_name\": \"q\"}"], .badData, "\"q\""),
    ] {
      try withVariant(files) { folder in
        let error = #expect(throws: ZooError.self) { try ModelDefinition(pretrainedFolder: folder) }
        #expect(error?.kind == kind && "\(error?.description ?? "")".contains(text))
      }
    }
  }
}
