import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore

/// Classifiers of texts beside transformers' pipelines (make_pretrained.py).
@Suite struct TextClassifierTests {
  private struct Expected: Decodable {
    struct Part: Decodable {
      var label: String
      var score: Float
      var start, end: Int
    }
    var texts: [String]
    var pairs: [[String]]
    var softmax, sigmoid, none, pairs_softmax: [[String: Float]]
    var ranking: [Float]
    var entities: [[Part]]
  }

  private static func expected() throws -> Expected {
    let url = URL(fileURLWithPath: fixture("text-classifiers.json"))
    return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url))
  }

  private static func check(_ answer: Prediction, _ wanted: [String: Float]) {
    guard case .classes(let classes) = answer else {
      Issue.record("no classes")
      return
    }
    #expect(classes.count == wanted.count)
    for item in classes { #expect(abs(item.probability - (wanted[item.label] ?? .nan)) < 1e-4, "\(item.label)") }
    #expect(zip(classes, classes.dropFirst()).allSatisfy { $0.probability >= $1.probability })
  }

  @Test(arguments: ["single_label_classification", "multi_label_classification", "regression"])
  func sequencesHaveClasses(problem: String) throws {
    let expected = try Self.expected()
    let settings = [
      "config.json": ["problem_type": "\"\(problem)\""], "tokenizer_config.json": ["model_max_length": "24"],
    ]
    try withSettings(of: "bert-sequence", settings) { folder in
      let model = try pretrainedModel(folder)
      #expect(model.metadata.task == .textClassification && model.metadata.labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
      let answers = try model.predict(expected.texts.map { .text($0) })
      let wanted =
        switch problem {
        case "regression": expected.none
        case "multi_label_classification": expected.sigmoid
        default: expected.softmax
        }
      for (answer, wanted) in zip(answers, wanted) { Self.check(answer, wanted) }
      guard problem == "single_label_classification" else { return }
      let pairs = try model.predict(expected.pairs.map { .text($0[0], pair: $0[1]) })
      for (answer, wanted) in zip(pairs, expected.pairs_softmax) { Self.check(answer, wanted) }
      // A package says the same.
      try model.definition.write(to: folder + "/m.zoo", format: .package)
      let package = try ModelDefinition(contentsOf: folder + "/m.zoo")
      #expect(package.metadata == model.metadata)
      let again = try Model(package, options: Model.Options(plugins: .linked, threads: 2))
      #expect(try again.predict(expected.texts.map { .text($0) }) == answers)
      let coded = try JSONDecoder().decode([Prediction].self, from: JSONEncoder().encode(answers))
      #expect(coded == answers)
    }
  }

  @Test func pairsAreRanked() throws {
    let expected = try Self.expected()
    try withSettings(of: "bert-ranking", ["tokenizer_config.json": ["model_max_length": "24"]]) { folder in
      let model = try pretrainedModel(folder)
      #expect(model.metadata.task == .textRanking && model.metadata.classification?.scores == .sigmoid)
      let answers = try model.predict(expected.pairs.map { .text($0[0], pair: $0[1]) })
      for (answer, wanted) in zip(answers, expected.ranking) {
        guard case .score(let score) = answer else {
          Issue.record("no score")
          continue
        }
        #expect(abs(score - wanted) < 1e-4)
      }
      #expect(throws: ZooError.self) { try model.predict(.text("a dog")) }
      let coded = try JSONDecoder().decode([Prediction].self, from: JSONEncoder().encode(answers))
      #expect(coded == answers)
    }
    let identity = "{\"activation_fn\": \"torch.nn.modules.linear.Identity\"}"
    try withSettings(of: "bert-ranking", ["config.json": ["sentence_transformers": identity]]) { folder in
      let settings = try ModelDefinition(pretrainedFolder: folder).metadata.classification
      #expect(settings?.scores.rawValue == "none")
    }
  }

  @Test func tokensAreJoinedToEntities() throws {
    let expected = try Self.expected()
    let model = try pretrainedModel(fixture("bert-entities"))
    #expect(model.metadata.task == .tokenClassification)
    let texts = expected.texts.filter { !$0.isEmpty }
    let answers = try model.predict(texts.map { .text($0) })
    for ((text, answer), wanted) in zip(zip(texts, answers), expected.entities) {
      guard case .entities(let found) = answer else {
        Issue.record("no entities")
        continue
      }
      #expect(found.map(\.label) == wanted.map(\.label), "\(text)")
      #expect(found.map(\.start) == wanted.map(\.start) && found.map(\.end) == wanted.map(\.end), "\(text): \(found)")
      for (entity, part) in zip(found, wanted) {
        #expect(abs(entity.score - part.score) < 1e-4)
        let scalars = Array(text.unicodeScalars)[part.start..<part.end]
        #expect(Array(entity.text.unicodeScalars) == Array(scalars))
      }
    }
    let coded = try JSONDecoder().decode([Prediction].self, from: JSONEncoder().encode(answers))
    #expect(coded == answers)
    #expect(throws: ZooError.self) { try model.predict(.text("a dog", pair: "runs")) }
  }
}
