import ArgumentParser
import ModelZoo

extension WeightStorage: ExpressibleByArgument {
  /// What `convert` and `pack` say of it.
  static let help: ArgumentHelp = """
    How the file holds large weights: bf16 (half the size), int8 (a quarter, with a scale for each output channel), or \
    fp32. What the rounding costs is told.
    """
}

extension ModelDefinition {
  /// The model with its weights as `storage` asks, and what that costs.
  func storing(_ storage: WeightStorage?) throws -> (model: ModelDefinition, cost: WeightRounding?) {
    guard let storage else { return (self, nil) }
    let (model, cost) = try storingWeights(as: storage)
    return (model, cost)
  }
}
