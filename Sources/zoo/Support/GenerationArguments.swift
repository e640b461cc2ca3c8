import ArgumentParser
import ModelZoo

/// How models that generate text choose their tokens.
struct GenerationArguments: ParsableArguments {
  @Option(help: "Follow so many hypotheses at once, 1 to 1024; 1 is greedy search. Default: as the model says.")
  var beams: Int?

  @Option(help: "Generate at most this many tokens, 1 or more.")
  var maxTokens: Int?

  @Option(help: "Draw tokens, with logits divided by this, 0 or more; 0 takes the most probable ones.")
  var temperature: Float?

  @Option(help: "Draw from the K most probable tokens only, 1 or more.")
  var topK: Int?

  @Option(help: "Draw only from the most probable tokens that have the probability P together, above 0 to 1.")
  var topP: Float?

  @Option(help: "The same seed draws the same text: 0 to 18446744073709551615.")
  var seed: UInt64?

  @Flag(inversion: .prefixedNo, help: "Guess tokens ahead and check them: faster with large models, for more memory.")
  var guesses = true

  func validate() throws {
    if let beams, !(1...1024).contains(beams) { throw ValidationError("--beams takes a number from 1 to 1024.") }
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens takes a number of 1 or more.") }
    if let temperature, !(temperature >= 0 && temperature.isFinite) {
      throw ValidationError("--temperature takes a number of 0 or more.")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k takes a number of 1 or more.") }
    if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes a number above 0, 1 at most.") }
  }

  var value: GenerationOptions {
    GenerationOptions(
      beams: beams, maximumTokens: maxTokens, temperature: temperature, topK: topK, topP: topP, seed: seed ?? 0,
      guesses: guesses)
  }

  var isGiven: Bool { value != GenerationOptions() || seed != nil }
}
