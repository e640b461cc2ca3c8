extension OperatorDeclaration {
  /// ONNX's LSTM, GRU and RNN.
  ///
  /// - Parameters:
  ///   - gates: Products of each step, one after the other in the weights.
  ///   - activations: How many functions a direction has.
  static func recurrent(
    _ name: String, domain: String = "", gates: Int, activations: Int, types: TypeRule? = nil
  ) -> OperatorDeclaration {
    OperatorDeclaration(name, domain: domain, types: types) { node in
      let extents = try RecurrentExtents(node, activations: activations) { weights, recurrent in
        recurrent?[2] ?? weights?[1].floorDivided(by: Dim(gates))
      }
      let rows = Dim(gates) * extents.hidden
      try extents.check(1, "W", [extents.directions, rows, extents.inputs], node)
      try extents.check(2, "R", [extents.directions, rows, extents.hidden], node)
      try extents.checkOptional(gates: gates, node)
      return [extents.output, extents.state, extents.state]
    }
  }
}

/// The extents of a recurrent operator; those that are not known are `Dim.unknown()`.
struct RecurrentExtents {
  let steps, batch, inputs, hidden: Dim
  let directions: Dim
  /// Whether the batch comes before the steps (attribute `layout`).
  let isBatchFirst: Bool

  private static let functions = Set(OperatorCatalogue.activationNames.map { $0.lowercased() })
    .union(["affine", "scaledtanh"])

  /// - Parameter hidden: The size of the state by the shapes of W and R, for nodes that don't give it.
  init(_ node: Inference, activations: Int, hidden: (_ weights: [Dim]?, _ recurrent: [Dim]?) -> Dim?) throws {
    switch try node.text("direction") ?? "forward" {
    case "forward", "reverse": directions = 1
    case "bidirectional": directions = 2
    case let other: throw node.invalid("the direction \"\(other)\" is unknown")
    }
    isBatchFirst = try node.flag("layout")
    let x = try node.shape(0, ofRank: 3, "X") ?? .unknown(rank: 3)
    (steps, batch, inputs) = isBatchFirst ? (x[1], x[0], x[2]) : (x[0], x[1], x[2])
    let (weights, recurrent) = (try node.shape(1, ofRank: 3, "W"), try node.shape(2, ofRank: 3, "R"))
    self.hidden = try node.int("hidden_size").map { Dim($0) } ?? hidden(weights, recurrent) ?? .unknown()
    try node.require(self.hidden.number ?? 0 >= 0, "hidden_size is \(self.hidden)")
    if let clip = try node.float("clip") { try node.require(clip >= 0, "clip is \(clip)") }
    if let names = try node.texts("activations") {
      let count = activations * (directions.number ?? 1)
      try node.require(names.count == count, "\(names.count) activations in place of \(count)")
      if let unknown = names.first(where: { !Self.functions.contains($0.lowercased()) }) {
        throw node.invalid("the activation \"\(unknown)\" is unknown")
      }
    }
  }

  func check(_ index: Int, _ name: String, _ wanted: [Dim], _ node: Inference) throws {
    guard let shape = try node.facts(index).shape else { return }
    try node.require(
      shape.count == wanted.count && zip(shape, wanted).allSatisfy { $0.equals($1) != false },
      "\(name) is of shape \(shape), not \(wanted)")
  }

  /// Checks biases, lengths, first states and peepholes.
  func checkOptional(gates: Int, _ node: Inference) throws {
    if node.has(3) { try check(3, "B", [directions, Dim(2 * gates) * hidden], node) }
    if node.has(4) { try check(4, "sequence_lens", [batch], node) }
    if node.has(5) { try check(5, "initial_h", state, node) }
    guard gates == 4 else { return }
    if node.has(6) { try check(6, "initial_c", state, node) }
    if node.has(7) { try check(7, "P", [directions, 3 * hidden], node) }
  }

  var output: [Dim] {
    isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
  }
  var state: [Dim] { isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden] }
}
