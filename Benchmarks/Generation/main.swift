// How long a model takes to answer a text, greedily.
//
//     swift run -c release GenerationBenchmark MODEL.zoo TEXT TOKENS [RUNS] [THREADS]
//
// Prints one line of JSON: milliseconds of the fastest run and of the median, after three that are not counted (the first
// one plans, another one may begin to guess), and the tokens of the answer. compare.py beside this file makes a
// Transformer with random weights and runs CTranslate2 in turn.

let arguments = CommandLine.arguments
guard arguments.count > 3, let tokens = Int(arguments[3]) else {
  print("usage: GenerationBenchmark MODEL.zoo TEXT TOKENS [RUNS] [THREADS]")
  exit(64)
}
let runs = arguments.count > 4 ? Int(arguments[4]) ?? 5 : 5
let options = Model.Options(plugins: .linked, threads: arguments.count > 5 ? Int(arguments[5]) : nil)
let model = try Model(contentsOf: arguments[1], options: options)
let generation = GenerationOptions(beams: 1, maximumTokens: tokens, reusesPrompts: false)

func answer() throws -> String {
  guard case .text(let text)? = try model.predict([.text(arguments[2])], generation: generation).first else {
    return ""
  }
  return text
}

let text = try (0..<3).map { _ in try answer() }[0]
let times = try (0..<max(runs, 1)).map { _ in
  try ContinuousClock().measure { _ = try answer() } / .milliseconds(1)
}.sorted()
print("{\"min_ms\": \(times[0]), \"median_ms\": \(times[times.count / 2]), \"answer\": \"\(text)\"}")

import Foundation
import ModelZoo
