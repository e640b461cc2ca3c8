import ArgumentParser
import ModelZoo

/// How models that generate text choose their tokens.
struct GenerationArguments: ParsableArguments {
  @Option(help: "Follow so many hypotheses at once; 1 is greedy search. Default: as the model says.")
  var beams: Int?

  @Option(help: "Generate at most this many tokens.")
  var maxTokens: Int?

  @Option(help: "Draw tokens, with logits divided by this; 0 takes the most probable ones.")
  var temperature: Float?

  @Option(help: "Draw from the K most probable tokens only.")
  var topK: Int?

  @Option(help: "Draw only from the most probable tokens that have the probability P together.")
  var topP: Float?

  @Option(help: "The same seed draws the same text.")
  var seed: UInt64?

  @Flag(inversion: .prefixedNo, help: "Guess tokens ahead and check them: faster with large models, for more memory.")
  var guesses = true

  var value: GenerationOptions {
    GenerationOptions(
      beams: beams, maximumTokens: maxTokens, temperature: temperature, topK: topK, topP: topP, seed: seed ?? 0,
      guesses: guesses)
  }

  var isGiven: Bool { value != GenerationOptions() || seed != nil }
}
