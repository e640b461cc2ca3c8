import ZooOperators

/// The outputs of a model whose values operators draw by chance (Bernoulli, RandomNormal, Multinomial, …). Another generator
/// draws others, so that only what they are drawn from can be compared.
struct DrawnOutputs {
  /// How often the model is run to see what it draws.
  static let runs = 200
  /// Standard deviations by which a sum of expected values may be off the sum of what is drawn.
  static let deviations = 6.0

  private let names: Set<ExactText>
  private let unseeded: ModelDefinition

  init(of definition: ModelDefinition) {
    var drawn: Set<ExactText> = []
    for node in definition.graph.nodes
    where node.draws || node.inputs.contains(where: { drawn.contains(ExactText($0)) }) {
      drawn.formUnion(node.outputs.map { ExactText($0) })
    }
    names = drawn.intersection(definition.graph.outputs.map { ExactText($0.name) })
    unseeded = definition.unseeded
  }

  func contains(_ name: String) -> Bool { names.contains(ExactText(name)) }

  /// How the output `name` differs in type, shape and distribution from `expected`, which somebody else has drawn once;
  /// `nil` where it does not.
  ///
  /// Two sums tell: of the values, and of their squares. Elements that are the same in all runs have to be the expected ones.
  func difference(
    _ name: String, _ output: Value, _ expected: Value, inputs: [(name: String, value: Value)], _ options: Model.Options
  ) throws -> String? {
    guard let output = output.tensor, let expected = expected.tensor else { return "a value of another kind" }
    guard output.type == expected.type else { return "\(output.type.name) instead of \(expected.type.name)" }
    guard output.shape == expected.shape else { return "shape \(output.shape) instead of \(expected.shape)" }
    let model = try Model(unseeded, options: options)
    var values = Moments(count: output.count)
    var squares = Moments(count: output.count)
    for _ in 0..<Self.runs {
      let result = try model.compiled.run(exactly: inputs).first { ExactText($0.name) == ExactText(name) }
      guard let numbers = try result?.value.tensor?.numbers() else { return "no numbers" }
      values.add(numbers)
      squares.add(numbers.map { $0 * $0 })
    }
    let wanted = try expected.numbers()
    if let place = wanted.indices.first(where: { values.deviation[$0] == 0 && values.mean[$0] != wanted[$0] }) {
      return "element \(place) is always \(values.mean[place]), not \(wanted[place])"
    }
    if !values.fit(wanted, within: Self.deviations) { return "drawn from another distribution: another mean" }
    if !squares.fit(wanted.map { $0 * $0 }, within: Self.deviations) {
      return "drawn from another distribution: another variance"
    }
    return nil
  }
}

/// Mean and variance of each element of what is drawn again and again (Welford 1962).
private struct Moments {
  private var count = 0.0
  private(set) var mean: [Double]
  /// Sums of squared differences from the mean.
  private(set) var deviation: [Double]

  init(count: Int) { (mean, deviation) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count)) }

  mutating func add(_ values: [Double]) {
    count += 1
    for (index, value) in values.enumerated() {
      let distance = value - mean[index]
      mean[index] += distance / count
      deviation[index] += distance * (value - mean[index])
    }
  }

  /// Whether the sum of `values`, drawn once, is one that comes of this.
  func fit(_ values: [Double], within deviations: Double) -> Bool {
    let distance = zip(values, mean).reduce(0) { $0 + $1.0 - $1.1 }
    let variance = deviation.reduce(0, +) / (count - 1) * (1 + 1 / count)
    return distance.magnitude <= deviations * variance.squareRoot()
  }
}

extension Node {
  private var isRandom: Bool {
    OperatorCatalogue.declaration(operatorType, domain: domain)?.traits.contains(.random) == true
  }

  /// Whether the node, or one in its bodies, draws values.
  fileprivate var draws: Bool { isRandom || subgraphs.contains { $0.nodes.contains(where: \.draws) } }

  /// The node without a seed, if it draws values.
  fileprivate var unseeded: Node {
    var node = self
    if isRandom { node.attributes.removeAll { $0.name == "seed" } }
    return node
  }
}

extension ModelDefinition {
  /// The model whose nodes draw other values in each run.
  fileprivate var unseeded: ModelDefinition {
    var model = self
    model.graph.nodes = graph.nodes.map(\.unseeded)
    return model
  }
}
