import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore

/// The families of Hugging Face's folders beside transformers (make_pretrained.py).
@Suite struct PretrainedFamilyTests {
  private struct Seen: Decodable {
    struct Value: Decodable {
      var shape: [Int]
      /// `nil` for what padding becomes.
      var elements: [Float?]
    }
    var inputs: [String: Value]
    var outputs: [String: Value]
  }

  @Test(arguments: [
    "distilbert", "albert", "xlm-roberta", "mpnet", "modernbert", "modernbert-sequence", "deit", "swin", "swin-encoder",
    "convnext", "convnextv2", "clip-text", "clip-vision", "clip",
  ])
  func networksGiveWhatTransformersGives(name: String) throws {
    let model = try pretrainedModel(fixture(name))
    let url = URL(fileURLWithPath: fixture(name) + "/expected.json")
    let seen = try JSONDecoder().decode(Seen.self, from: Data(contentsOf: url))
    var inputs: [String: Tensor] = [:]
    for (key, value) in seen.inputs {
      let elements = value.elements.compactMap { $0 }
      inputs[key] =
        key == "pixel_values"
        ? try Tensor(elements, shape: value.shape) : try Tensor(elements.map { Int64($0) }, shape: value.shape)
    }
    if model.inputs.contains(where: { $0.name == "token_type_ids" }), let ids = inputs["input_ids"] {
      inputs["token_type_ids"] = try Tensor([Int64](repeating: 0, count: ids.count), shape: ids.shape)
    }
    let results = try model.run(inputs)
    for (key, expected) in seen.outputs {
      let got = try #require(results[key], "\(key)")
      #expect(got.shape == expected.shape, "\(key)")
      let largest = expected.elements.reduce(0) { max($0, abs($1 ?? 0)) }
      for (value, wanted) in zip(try got.elements(Float.self), expected.elements) {
        guard let wanted else { continue }
        try #require(abs(value - wanted) <= 2e-5 * largest, "\(key): \(value) instead of \(wanted)")
      }
    }
  }

  @Test(arguments: [("swin", 3), ("convnext", 3), ("deit", 2)])
  func classifiersTellPhotographsApart(name: String, classes: Int) throws {
    let model = try pretrainedModel(fixture(name))
    #expect(model.metadata.task == .imageClassification)
    guard case .classes(let answer) = try model.predict(.image(picture(20, 30, 3))) else {
      Issue.record("no classes")
      return
    }
    #expect(answer.count == classes && abs(answer.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
  }

  /// Each tower's answer is that of the whole network.
  @Test func bothTowersEmbed() throws {
    let model = try pretrainedModel(fixture("clip"))
    let photo = try picture(9, 12, 3)
    guard case .embedding(let text) = try model.predict(.text("a dog runs")),
      case .embedding(let image) = try model.predict(.image(photo))
    else {
      Issue.record("no embeddings")
      return
    }
    #expect(text.count == 6 && image.count == 6)
    let answers = try model.predict([.image(photo), .text("a dog runs"), .image(photo)])
    let vectors = answers.map { answer -> [Float] in if case .embedding(let vector) = answer { vector } else { [] } }
    try #require(vectors.map(\.count) == [6, 6, 6])
    for (found, wanted) in zip(vectors.flatMap { $0 }, image + text + image) { #expect(abs(found - wanted) < 1e-6) }
    let preprocessing = try #require(model.metadata.image)
    let outputs = try model.run([
      "input_ids": Tensor([Int64(2), 5, 7, 8, 11, 3], shape: [1, 6]),
      "attention_mask": Tensor([Int64](repeating: 1, count: 6), shape: [1, 6]),
      "pixel_values": preprocessing.tensor(from: [photo]),
    ])
    for (value, wanted) in zip(image, try #require(outputs["image_embeds"]).elements(Float.self)) {
      #expect(abs(value - wanted) < 1e-6)
    }
    #expect(abs(text.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
  }

  @Test(arguments: [
    ("bert", "position_embedding_type", "\"relative_key\""), ("bert", "hidden_act", "\"maxout\""),
    ("bert", "is_decoder", "true"), ("bert", "pruned_heads", "{\"0\":[1]}"),
    ("bert", "quantization_config", "{\"bits\":4}"), ("albert", "position_embedding_type", "\"relative_key_query\""),
    ("modernbert", "rope_scaling", "{\"factor\":2}"), ("modernbert", "layer_types", "[\"linear_attention\"]"),
    ("swin", "window_size", "12"), ("swin", "image_size", "15"), ("convnext", "num_stages", "5"),
    ("clip-text", "hidden_act", "\"softplus9\""), ("mpnet", "relative_attention_num_buckets", "8"),
    ("distilbert", "activation", "\"unknown\""),
    ("modernbert", "rope_parameters", "{\"full_attention\":{\"rope_type\":\"yarn\"}}"),
  ])
  func whatChangesTheNetworkIsRefusedByName(name: String, setting: String, value: String) throws {
    try withSettings(of: name, ["config.json": [setting: value]]) { folder in
      let error = #expect(throws: ZooError.self) { try ModelDefinition(pretrainedFolder: folder) }
      let text = "\(error?.description ?? "")"
      #expect(error?.kind == .unsupported || error?.kind == .badData, "\(text)")
      let named = setting == "num_stages" ? "stages" : setting == "rope_parameters" ? "rope_type" : setting
      #expect(text.contains(named), "\(text)")
    }
  }

  @Test func settingsAreReadAsPythonWritesThem() throws {
    try withFolder { folder in
      let copy = folder + "/copy"
      try FileManager.default.copyItem(atPath: fixture("vit"), toPath: copy)
      let old = try String(contentsOfFile: copy + "/config.json", encoding: .utf8)
      let new =
        "\u{FEFF}"
        + old.replacingOccurrences(
          of: "{\n", with: "{\n  \"a\": NaN, \"b\": [Infinity, -Infinity],\r\n",
          range: old.startIndex..<old.index(old.startIndex, offsetBy: 2))
      try new.write(toFile: copy + "/config.json", atomically: true, encoding: .utf8)
      #expect(try pretrainedModel(copy).metadata.labels == ["cat", "dog", "bird"])
    }
  }
}

func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + name
}

func pretrainedModel(_ folder: String) throws -> Model {
  return try Model(ModelDefinition(pretrainedFolder: folder), options: Model.Options(plugins: .linked, threads: 2))
}

/// A copy of the fixture in whose files some members, given as JSON, have other values; of a file that is not there,
/// these alone.
func withSettings(
  of name: String, _ files: [String: [String: String]], _ body: (String) throws -> Void
) throws {
  try withFolder { folder in
    let copy = folder + "/copy"
    try FileManager.default.copyItem(atPath: fixture(name), toPath: copy)
    for (file, members) in files {
      let path = copy + "/" + file
      let old = FileManager.default.contents(atPath: path).flatMap { try? JSONSerialization.jsonObject(with: $0) }
      var object = old as? [String: Any] ?? [:]
      for (member, value) in members {
        object[member] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
      }
      try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
    }
    try body(copy)
  }
}
