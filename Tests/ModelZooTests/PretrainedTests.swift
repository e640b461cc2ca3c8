import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore

/// Tiny models as Hugging Face's libraries save them, beside what these make of texts (make_pretrained.py).
@Suite struct PretrainedTests {
  private struct Embedded: Decodable {
    var text: String
    var vector: [Float]
  }

  private struct Continued: Decodable {
    var text: String
    var ids: [Int64]
    var logits: [Float]
    var continuation: String
  }

  private static func folder(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + name
  }

  private func expected<Value: Decodable>(_ name: String) throws -> [Value] {
    let url = URL(fileURLWithPath: Self.folder(name) + "/expected.json")
    return try JSONDecoder().decode([Value].self, from: Data(contentsOf: url))
  }

  private func model(_ folder: String) throws -> Model {
    return try Model(ModelDefinition(pretrainedFolder: folder), options: Model.Options(plugins: .linked, threads: 2))
  }

  /// The folder `name` without one of its files.
  private func without(_ file: String, of name: String, _ body: (String) throws -> Void) throws {
    try withFolder { folder in
      let copy = folder + "/copy"
      try FileManager.default.copyItem(atPath: Self.folder(name), toPath: copy)
      try FileManager.default.removeItem(atPath: copy + "/" + file)
      try body(copy)
    }
  }

  private struct Seen: Decodable {
    struct Value: Decodable {
      var shape: [Int]
      var elements: [Float]
    }
    var shape: [Int]
    var picture: [Float]
    var outputs: [String: Value]
  }

  @Test(arguments: ["vit", "vit-encoder", "resnet", "resnet-encoder"])
  func networksForPicturesGiveWhatTransformersGives(name: String) throws {
    try check(name, model(Self.folder(name)))
  }

  @Test func aStateDictionaryMayHaveTheNamesOfTransformers5() throws {
    try without("model.safetensors", of: "vit") { folder in
      let file = "/pytorch_model.bin"
      try FileManager.default.copyItem(atPath: Self.folder("vit-state") + file, toPath: folder + file)
      try check("vit", model(folder))
    }
  }

  private func check(_ name: String, _ model: Model) throws {
    let url = URL(fileURLWithPath: Self.folder(name) + "/expected.json")
    let seen = try JSONDecoder().decode(Seen.self, from: Data(contentsOf: url))
    try check(model.run(["pixel_values": Tensor(seen.picture, shape: seen.shape)]), seen.outputs)
    guard !name.hasSuffix("encoder") else { return #expect(model.metadata.task == .none) }
    #expect(model.metadata.task == .imageClassification && model.metadata.labels == ["cat", "dog", "bird"])
    let image = try #require(model.metadata.image)
    #expect(image.scale == 1 && image.mean == [0.5, 0.5, 0.5] && image.filter == .bicubic)
    #expect(image.resize == (name == "vit" ? .exact(height: 12, width: 18) : .shorterSide(32)))
    #expect(image.height == (name == "vit" ? 12 : 28) && image.width == (name == "vit" ? 18 : 28))
  }

  private func check(_ results: [String: Tensor], _ outputs: [String: Seen.Value]) throws {
    #expect(Set(results.keys) == Set(outputs.keys))
    for (key, expected) in outputs {
      let got = try #require(results[key])
      #expect(got.shape == expected.shape, "\(key)")
      let largest = expected.elements.reduce(0) { max($0, abs($1)) }
      for (value, wanted) in zip(try got.elements(Float.self), expected.elements) {
        #expect(abs(value - wanted) <= 1e-5 * largest, "\(key)")
      }
    }
  }

  private struct Classified: Decodable {
    var ids: [[Int64]]
    var outputs: [String: Seen.Value]
  }

  @Test(arguments: ["bert-sequence", "bert-tokens"]) func classifiersKeepTheirLayers(name: String) throws {
    let url = URL(fileURLWithPath: Self.folder(name) + "/expected.json")
    let expected = try JSONDecoder().decode(Classified.self, from: Data(contentsOf: url))
    let shape = [expected.ids.count, expected.ids[0].count]
    let ids = expected.ids.flatMap { $0 }
    let results = try model(Self.folder(name)).run([
      "input_ids": Tensor(ids, shape: shape), "attention_mask": Tensor(ids.map { _ in Int64(1) }, shape: shape),
      "token_type_ids": Tensor(ids.map { _ in Int64(0) }, shape: shape),
    ])
    try check(results, expected.outputs)
  }

  private func checkEmbeddings(_ model: Model) throws {
    let expected: [Embedded] = try expected("bert")
    let answers = try model.predict(expected.map { .text($0.text) })
    for (answer, wanted) in zip(answers, expected) {
      guard case .embedding(let vector) = answer else {
        Issue.record("\(wanted.text): no embedding")
        continue
      }
      try #require(vector.count == wanted.vector.count)
      for (value, reference) in zip(vector, wanted.vector) { #expect(abs(value - reference) < 1e-5, "\(wanted.text)") }
    }
  }

  @Test func embeddingsAreThoseOfTheLibrary() throws { try checkEmbeddings(try model(Self.folder("bert"))) }

  @Test func theOlderVocabularyGivesTheSame() throws {
    try without("tokenizer.json", of: "bert") { try checkEmbeddings(try model($0)) }
  }

  @Test func aPackageEmbedsAsTheFolderDoes() throws {
    try withFolder { folder in
      let path = folder + "/bert.zoo"
      try ModelDefinition(pretrainedFolder: Self.folder("bert")).write(to: path, format: .package)
      try checkEmbeddings(try Model(contentsOf: path, options: Model.Options(plugins: .linked)))
    }
  }

  @Test func continuationsAreThoseOfTheLibrary() throws {
    let model = try model(Self.folder("gpt2"))
    let expected: [Continued] = try expected("gpt2")
    for wanted in expected {
      let count = wanted.ids.count
      let outputs = try model.run([
        "input_ids": try Tensor(wanted.ids, shape: [1, count]),
        "position_ids": try Tensor((0..<count).map(Int64.init), shape: [1, count]),
      ])
      let logits: [Float] = try #require(outputs["logits"]).elements().suffix(wanted.logits.count)
      let largest = wanted.logits.map(abs).max() ?? 0
      for (value, reference) in zip(logits, wanted.logits) { #expect(abs(value - reference) < 1e-5 * largest) }
    }
    let options = GenerationOptions(beams: 1, maximumTokens: 12)
    let answers = try model.predict(expected.map { .text($0.text) }, generation: options)
    for (answer, wanted) in zip(answers, expected) {
      guard case .text(let text) = answer else {
        Issue.record("\(wanted.text): no text")
        continue
      }
      #expect(text == wanted.continuation, "\(wanted.text)")
    }
  }

  @Test(arguments: ["config.json", "model.safetensors", "tokenizer.json"])
  func whatIsMissingIsNamed(file: String) throws {
    try without(file, of: "gpt2") { folder in
      let error = #expect(throws: ZooError.self) { try ModelDefinition(pretrainedFolder: folder) }
      #expect(error?.kind == .notFound && "\(error?.description ?? "")".contains(file))
    }
  }

  @Test func otherInputsAreRefused() throws {
    let model = try model(Self.folder("bert"))
    #expect(kind { try model.predict(.image(try picture(1, 2, 3))) } == .usage)
    #expect(kind { try model.predict([.text("a")], generation: GenerationOptions()) } == .usage)
  }
}
