import ArgumentParser
import Files
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

  @Option(help: "Draw only from tokens at least P times as probable as the most probable one, 0 to 1.")
  var minP: Float?

  @Option(help: "Draw only from the most typical tokens that have the probability P together, above 0 to 1.")
  var typicalP: Float?

  @Option(help: "Divide logits of tokens that were there already by this, above 0; 1 is none.")
  var repetitionPenalty: Float?

  @Option(help: "Take this from logits of tokens that were there already, -100 to 100.")
  var presencePenalty: Float?

  @Option(help: "Take this from a token's logit for each time that it was there, -100 to 100.")
  var frequencyPenalty: Float?

  @Option(help: "Penalties look at this many of the last tokens, 1 or more; at all if not given.")
  var penaltyWindow: Int?

  @Option(
    help: ArgumentHelp(
      "Add a number from -1000 to 1000 to the logit of the token of this id; may be repeated.", valueName: "ID=NUMBER"))
  var logitBias: [Bias] = []

  @Option(help: ArgumentHelp("End the answer before this text; may be repeated.", valueName: "TEXT"))
  var stop: [String] = []

  @Option(
    help: ArgumentHelp("Answer with JSON that satisfies the JSON schema in this file.", valueName: "FILE"),
    completion: .file())
  var schema: String?

  @Option(help: "The same seed draws the same text: 0 to 18446744073709551615.")
  var seed: UInt64?

  @Flag(inversion: .prefixedNo, help: "Guess tokens ahead and check them: faster with large models, for more memory.")
  var guesses = true

  @Option(
    help: ArgumentHelp(
      "Have this smaller model of the same tokens guess tokens ahead: a file, or a name in the zoo.", valueName: "MODEL"
    ),
    completion: .models)
  var draft: String?

  struct Bias: ExpressibleByArgument {
    let token: Int
    let bias: Float

    init?(argument: String) {
      let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, let token = Int(parts[0]), token >= 0, let bias = Float(parts[1]), abs(bias) <= 1000
      else {
        return nil
      }
      (self.token, self.bias) = (token, bias)
    }
  }

  func validate() throws {
    if draft != nil, !guesses { throw ValidationError("--draft guesses, and --no-guesses does not: leave one out.") }
    if let beams, !(1...1024).contains(beams) { throw ValidationError("--beams takes a number from 1 to 1024.") }
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens takes a number of 1 or more.") }
    if let temperature, !(temperature >= 0 && temperature.isFinite) {
      throw ValidationError("--temperature takes a number of 0 or more.")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k takes a number of 1 or more.") }
    if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes a number above 0, 1 at most.") }
    if let minP, !(0...1).contains(minP) { throw ValidationError("--min-p takes a number from 0 to 1.") }
    if let typicalP, !(typicalP > 0 && typicalP <= 1) {
      throw ValidationError("--typical-p takes a number above 0, 1 at most.")
    }
    if let repetitionPenalty, !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
      throw ValidationError("--repetition-penalty takes a number above 0.")
    }
    for (name, penalty) in [("--presence-penalty", presencePenalty), ("--frequency-penalty", frequencyPenalty)] {
      if let penalty, !(abs(penalty) <= 100) { throw ValidationError("\(name) takes a number from -100 to 100.") }
    }
    if let penaltyWindow, penaltyWindow < 1 { throw ValidationError("--penalty-window takes a number of 1 or more.") }
    if stop.contains("") { throw ValidationError("--stop takes a text that is not empty.") }
  }

  /// What is asked for.
  var value: GenerationOptions {
    // Throws for a schema's file that can't be read.
    get throws {
      var options = plain
      if let schema { options.format = .schema(try TextFile.read(schema, limit: Self.greatestSchema)) }
      return options
    }
  }

  private static let greatestSchema = 1 << 20

  /// Without what files say.
  private var plain: GenerationOptions {
    GenerationOptions(
      beams: beams, maximumTokens: maxTokens, temperature: temperature, topK: topK, topP: topP, minP: minP,
      typicalP: typicalP, repetitionPenalty: repetitionPenalty, presencePenalty: presencePenalty,
      frequencyPenalty: frequencyPenalty, penaltyWindow: penaltyWindow,
      logitBias: Dictionary(logitBias.map { ($0.token, $0.bias) }) { $1 }, stop: stop,
      seed: seed ?? 0, guesses: guesses)
  }

  var isGiven: Bool { plain != GenerationOptions() || seed != nil || schema != nil || draft != nil }
}
