import ArgumentParser
import ModelZoo
import WeightBlocks

extension WeightStorage: ExpressibleByArgument {
  /// What `convert` and `pack` say of it.
  static let help: ArgumentHelp = """
    How the file holds large weights: bf16 (half the size), int8 (a quarter, with a scale for each output channel), or \
    fp32. What the rounding costs is told.
    """
}

/// GGUF's blocks that weights are put into.
struct BlockName: ExpressibleByArgument, Equatable {
  let type: GGUFType

  static let allValueStrings = GGUFType.quantizable.map { $0.name.lowercased() }

  init?(argument: String) {
    guard let type = GGUFType.quantizable.first(where: { $0.name == argument.uppercased() }) else { return nil }
    self.type = type
  }

  /// What `convert` and `pack` say of it.
  static let help = ArgumentHelp(
    """
    Put the matrices that products multiply by, and tables of embeddings, into GGUF's blocks of 2 to 8 bits. What that costs is \
    told.
    """, valueName: "TYPE")
}

extension ModelDefinition {
  /// The model with its weights as `storage` or `blocks` asks, and what that costs.
  func storing(_ storage: WeightStorage?, _ blocks: BlockName?) throws -> (
    model: ModelDefinition, cost: WeightRounding?
  ) {
    if let blocks {
      guard storage == nil else {
        throw ZooError(.usage, "weights are stored in one form", at: "--quantize", advice: "leave the other option out")
      }
      let (model, cost) = try quantizingProducts(to: blocks.type)
      return (model, cost)
    }
    guard let storage else { return (self, nil) }
    let (model, cost) = try storingWeights(as: storage)
    return (model, cost)
  }
}
