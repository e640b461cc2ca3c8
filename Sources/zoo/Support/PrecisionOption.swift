import ArgumentParser
import ModelZoo
import ZooPluginHost

/// How exactly a command computes.
struct PrecisionOption: ParsableArguments {
  enum Name: String, ExpressibleByArgument, CaseIterable, Codable {
    case exact
    case fp32
    case bf16
    case int8
  }

  @Option(
    help:
      "The arithmetic: fp32; what operators may round factors to, bf16 or int8; or exact, fp32 also by weights in blocks."
  )
  var precision = Name.fp32

  var value: Precision {
    switch precision {
    case .exact: .exact
    case .fp32: .float32
    case .bf16: .bfloat16
    case .int8: .int8
    }
  }
}
