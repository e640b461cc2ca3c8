import GraphBuilder
import ZooCore

/// The weights and images of make_references.py.
enum Formula {
  /// Multiplicative hashing of the index, begun at a sum over the name: in [-0.5, 0.5).
  static func uniform(_ name: String, _ count: Int) -> [Double] {
    var start = 0
    for (place, byte) in name.utf8.enumerated() { start += (place + 1) * Int(byte) * 40503 }
    return (0..<count).map { index in
      let number = (index * 2_654_435_761 + start) % (1 << 32) / 256
      return Double(number) / 16_777_216 - 0.5
    }
  }

  static func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
    let inputs = shape.dropFirst().reduce(1, *)
    let values = uniform(name, shape.reduce(1, *)).map { value in
      if name.hasSuffix("running_var") { return 1 + value / 2 }
      if shape.count > 1 { return value * (24 / Double(inputs)).squareRoot() }
      return name.hasSuffix("weight") ? 0.5 + value / 5 : value / 5
    }
    return try Tensor(values.map { Float($0) }, shape: shape)
  }

  /// A model of ten classes.
  static func model(_ network: some Architecture) throws -> ModelDefinition {
    let constants = [".weight", ".bias", ".running_mean", ".running_var"]
    let shapes = try network.model(randomSeed: 0, labels: cifarLabels).graph.initializers
    let weights = try shapes.filter { tensor in constants.contains { tensor.name.hasSuffix($0) } }.map { tensor in
      NamedTensor(name: tensor.name, tensor: StoredTensor(try Self.tensor(tensor.name, tensor.tensor.shape)))
    }
    return try network.model(weights: weights)
  }

  /// Two images, side by side in one batch.
  static func images(_ side: Int) throws -> Tensor {
    try Tensor(uniform("input", 6 * side * side).map { Float($0) * 4 }, shape: [2, 3, side, side])
  }
}
