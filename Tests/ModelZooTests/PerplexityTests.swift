import Foundation
import ModelZoo
import TestSupport
import Testing
import Tokenizers
import ZooCore
import ZooEvaluation

@Suite struct PerplexityTests {
  private static let text =
    "the cat sleeps on the mat, and the dog runs. A dog runs! the dog sleeps; a cat and a dog run on the mat and sleep "
    + "and run and the naïve dog sleeps on a mat, the cat runs\n"

  /// By the definition, from the logits of whole windows.
  @Test(arguments: [8, 24]) func isThatOfTheLogits(context: Int) throws {
    try withFolder { folder in
      let path = folder + "/text.txt"
      try Self.text.write(toFile: path, atomically: true, encoding: .utf8)
      let model = try pretrainedModel(fixture("gpt2"))
      let found = try model.perplexity(on: path, context: context)
      let tokens = try Tokenizer(json: #require(model.metadata.tokenizer)).encode(String(Self.text.dropLast()))
      #expect(found.windows == tokens.count / context && found.windows > 1 && found.context == context)
      var (sum, count) = (0.0, 0)
      for start in 0..<found.windows {
        let window = tokens[start * context..<(start + 1) * context].map { Int64($0) }
        let outputs = try model.run([
          "input_ids": Tensor(window, shape: [1, context]),
          "position_ids": Tensor((0..<context).map { Int64($0) }, shape: [1, context]),
        ])
        let logits = try #require(outputs["logits"])
        let (width, numbers) = (logits.shape[2], try logits.elements(Float.self).map(Double.init))
        for place in context / 2..<context - 1 {
          let row = numbers[place * width..<(place + 1) * width]
          sum += log(row.reduce(0) { $0 + exp($1) }) - row[place * width + Int(window[place + 1])]
          count += 1
        }
      }
      #expect(found.tokens == count)
      #expect(abs(found.perplexity / exp(sum / Double(count)) - 1) < 1e-5)
      // Beside itself.
      let same = try model.perplexity(on: path, comparedWith: model, context: context)
      #expect(same.agreement == 1 && same.divergence < 1e-6 && same.perplexity == found && same.reference == found)
    }
  }

  @Test func whatHasNoPerplexityIsRefused() throws {
    try withFolder { folder in
      let path = folder + "/text.txt"
      try "a dog".write(toFile: path, atomically: true, encoding: .utf8)
      let model = try pretrainedModel(fixture("gpt2"))
      for context in [3, 65] {
        #expect(throws: ZooError.self) { try model.perplexity(on: path, context: context) }
      }
      let error = #expect(throws: ZooError.self) { try model.perplexity(on: path, context: 64) }
      #expect(error?.kind == .badData)
      #expect(throws: ZooError.self) { try pretrainedModel(fixture("bert")).perplexity(on: path) }
    }
  }
}
