import PluginSupport
import ZooPlugin

/// The shapes and attributes that LSTM, GRU and RNN share, checked.
struct RecurrentGeometry: Sendable {
  let steps, batch, inputs, hidden: Int
  /// By direction, whether it goes from the last step to the first.
  let isReverse: [Bool]
  let gates: Int
  /// By direction.
  let activations: [[RecurrentActivation]]
  /// Sums are cut off at ± this.
  let clip: Float?
  /// Whether the batch comes before the steps (attribute `layout`).
  let isBatchFirst: Bool

  /// - Parameters:
  ///   - gates: products of each step, one after the other in the weights.
  ///   - standard: the activations of a direction.
  ///   - hasByteWeights: whether W and R are bytes, with their rows and columns changed about.
  init(_ node: Node, gates: Int, standard: [String], hasByteWeights: Bool = false) throws {
    let (x, weights, recurrent) = (try node.input(0), try node.input(1), try node.input(2))
    let types: [ElementType] = hasByteWeights ? [.int8, .uint8] : [.float32]
    for tensor in [weights, recurrent] where !types.contains(tensor.type) { throw unsupported(tensor.type) }
    guard x.type == .float32 else { throw unsupported(x.type) }
    let attributes = node.attributes
    switch try attributes.string("direction") ?? "forward" {
    case "forward": isReverse = [false]
    case "reverse": isReverse = [true]
    case "bidirectional": isReverse = [false, true]
    case let other: throw OperatorError("the direction \"\(other)\" is unknown")
    }
    isBatchFirst = try attributes.int("layout") ?? 0 != 0
    guard x.rank == 3, weights.rank == 3, recurrent.rank == 3 else {
      throw OperatorError("X, W and R of shapes \(x.shape), \(weights.shape) and \(recurrent.shape) are not of rank 3")
    }
    (steps, batch) = isBatchFirst ? (x[dimension: 1], x[dimension: 0]) : (x[dimension: 0], x[dimension: 1])
    inputs = x[dimension: 2]
    hidden = recurrent[dimension: hasByteWeights ? 1 : 2]
    self.gates = gates
    let directions = isReverse.count
    // So that no product of a few of them overflows.
    for extent in x.shape + weights.shape + recurrent.shape where extent > 1 << 31 {
      throw OperatorError("an extent of \(extent) is too large", kind: .unsupported)
    }
    if let size = try attributes.int("hidden_size"), size != hidden {
      throw OperatorError("hidden_size is \(size), but R has the shape \(recurrent.shape)")
    }
    let rows = try gates.times(hidden)
    func matrix(_ depth: Int) -> [Int] { hasByteWeights ? [directions, depth, rows] : [directions, rows, depth] }
    guard weights.shape == matrix(inputs), recurrent.shape == matrix(hidden) else {
      throw OperatorError(
        "W and R of shapes \(weights.shape) and \(recurrent.shape) don't fit \(directions) "
          + "direction\(directions == 1 ? "" : "s") and \(inputs) inputs")
    }
    let states = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    func check(_ index: Int, _ name: String, _ shape: [Int], _ type: ElementType) throws {
      guard let tensor = node.optionalInput(index), index < node.ownInputCount else { return }
      guard tensor.type == type, tensor.shape == shape else {
        throw OperatorError("\(name) is \(tensor.type.name) of shape \(tensor.shape), not \(type.name) of \(shape)")
      }
    }
    try check(3, "B", [directions, 2 * gates * hidden], x.type)
    try check(4, "sequence_lens", [batch], .int32)
    try check(5, "initial_h", states, x.type)
    if gates == 4 {
      try check(6, "initial_c", states, x.type)
      try check(7, "P", [directions, 3 * hidden], x.type)
    }
    clip = try attributes.float("clip")
    if let clip, !(clip >= 0) { throw OperatorError("clip is \(clip)") }
    let names = try attributes.strings("activations") ?? (0..<directions).flatMap { _ in standard }
    guard names.count == directions * standard.count else {
      throw OperatorError("\(names.count) activations in place of \(directions * standard.count)")
    }
    var alphas = (try attributes.floats("activation_alpha") ?? [])[...]
    var betas = (try attributes.floats("activation_beta") ?? [])[...]
    let all = try names.map { try RecurrentActivation($0, alphas: &alphas, betas: &betas) }
    activations = (0..<directions).map { Array(all[$0 * standard.count..<($0 + 1) * standard.count]) }
    _ = try elementCount(outputShape)
  }

  var directions: Int { isReverse.count }
  var rows: Int { gates * hidden }

  var outputShape: [Int] {
    isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
  }
  var stateShape: [Int] { isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden] }

  /// Where elements lie in Y and in a state.
  func outputOffset(_ step: Int, _ direction: Int, _ row: Int) -> Int {
    (isBatchFirst
      ? (row * steps + step) * directions + direction : (step * directions + direction) * batch + row) * hidden
  }

  func stateOffset(_ direction: Int, _ row: Int) -> Int {
    (isBatchFirst ? row * directions + direction : direction * batch + row) * hidden
  }

  /// The number of a row of X.
  func inputRow(_ step: Int, _ row: Int) -> Int { isBatchFirst ? row * steps + step : step * batch + row }
}
