import ArgumentParser
import ModelZoo

/// Numbers for what a model's input shapes leave open.
struct DimensionOptions: ParsableArguments {
  @Option(help: "The first extent of the inputs, where the model leaves it open, 1 to 1048576 (default: 1).")
  var batch: Int?

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp("A symbolic dimension, 0 or more; may be repeated.", valueName: "SYMBOL=N"))
  var dimensions: [String] = []

  func validate() throws {
    if let batch, !(1...1 << 20).contains(batch) { throw ValidationError("--batch takes a number from 1 to 1048576.") }
  }

  /// - Throws: `ZooError` (`usage`) for what is not SYMBOL=N.
  func symbols() throws -> [String: Int] {
    var symbols: [String: Int] = [:]
    for argument in dimensions {
      guard let split = argument.lastIndex(of: "="), let number = Int(argument[argument.index(after: split)...]),
        number >= 0, split != argument.startIndex
      else {
        throw ZooError(
          .usage, "not SYMBOL=N", at: "--dim \(argument)", advice: "for example --dim T=128; N is 0 or more")
      }
      symbols[String(argument[..<split])] = number
    }
    return symbols
  }
}
