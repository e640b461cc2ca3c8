import ArgumentParser
import ModelZoo

extension CacheType: ExpressibleByArgument {}

/// What a model that generates text keeps of the tokens that it has read.
struct CacheOption: ParsableArguments {
  @Option(
    name: .customLong("cache-type"),
    help: ArgumentHelp(
      "Keep keys and values of read tokens as this: float32; float16, half the memory; int8 with scales, a quarter.",
      valueName: "TYPE"))
  var type = CacheType.float32
}
