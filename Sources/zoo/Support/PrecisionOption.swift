import ArgumentParser
import ModelZoo
import ZooPluginHost

/// How exactly a command computes.
struct PrecisionOption: ParsableArguments {
  enum Name: String, ExpressibleByArgument, CaseIterable, Codable {
    case fp32
    case bf16
    case int8
  }

  @Option(help: "The arithmetic: fp32; or what operators may round factors to, bf16 or int8.")
  var precision = Name.fp32

  var value: Precision {
    switch precision {
    case .fp32: .float32
    case .bf16: .bfloat16
    case .int8: .int8
    }
  }
}
