import ArgumentParser
import ModelZoo

/// How exactly a command computes.
struct PrecisionOption: ParsableArguments {
  enum Name: String, ExpressibleByArgument, CaseIterable, Codable {
    case fp32
    case bf16
  }

  @Option(help: "The arithmetic: fp32, or bf16 where operators can round what they multiply to bfloat16.")
  var precision = Name.fp32

  var value: Precision {
    switch precision {
    case .fp32: .float32
    case .bf16: .bfloat16
    }
  }
}
