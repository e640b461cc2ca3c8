import EncoderDecoder
import Foundation
import Testing
import ZooCore
import ZooRuntime

@testable import ModelZoo

/// Tiny Transformers as other libraries save them, beside the logits that those give (make_translation.py).
@Suite struct TranslationFoldersTests {
  private struct Expected: Decodable {
    var source: [Int64]
    var mask: [Int64]
    var target: [Int64]
    var logits: [Float]
  }

  @Test(arguments: ["marian", "bart", "nn-transformer"])
  func logitsAreTheLibrarys(name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + name
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")))
    let registry = try Plugins.linked.registry()
    let files = try WeightFiles(contentsOf: folder)
    let definition = try EncoderDecoder(.transformer).model(weights: files.tensors, values: files.values)
    let outputs = try CompiledModel(definition, registry: registry).run([
      "input_ids": Tensor(expected.source, shape: [2, 7]), "attention_mask": Tensor(expected.mask, shape: [2, 7]),
      "decoder_input_ids": Tensor(expected.target, shape: [2, 5]),
      "decoder_position_ids": Tensor([0, 1, 2, 3, 4, 0, 1, 2, 3, 4] as [Int64], shape: [2, 5]),
    ])
    let logits = try #require(outputs["logits"]).elements(Float.self)
    try #require(logits.count == expected.logits.count)
    let largest = expected.logits.map(abs).max() ?? 0
    for (value, wanted) in zip(logits, expected.logits) { #expect(abs(value - wanted) < 1e-5 * largest) }
  }
}
