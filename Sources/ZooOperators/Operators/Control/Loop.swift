import ZooCore

extension OperatorDeclaration {
  /// ONNX Loop: a body again and again, with values that it passes on to its next run, and outputs of all runs stacked.
  static let loop = OperatorDeclaration(
    "Loop", .hasBodies, shapeInputs: [0, 1], facts: { node in try LoopInference(node).outputs() })
}

/// What is known of a loop's outputs.
///
/// The body is gone through once, with an unknown extent for each of a carried value: those which it gives back as they
/// were keep their extent through all runs. (Going through it again with what changes would take 2^n times for n loops in
/// each other.)
private struct LoopInference {
  private let node: Inference
  private let carried: [ValueFacts]
  /// As the body sees `carried` in any run.
  private let inBody: [ValueFacts]
  /// The symbols of its extents.
  private let symbols: Set<Dim.Symbol>
  private let results: [ValueFacts]
  /// How often the body runs.
  private let count: Dim

  init(_ node: Inference) throws {
    self.node = node
    carried = node.inputs.dropFirst(2).map { ($0 ?? ValueFacts(nil)).changing }
    try node.checkBody(
      "body", inputs: carried.count + 2, outputs: max(carried.count, node.outputCount) + 1...(.max - 1))
    inBody = carried.map { ValueFacts($0.kind, shape: $0.shape?.map { _ in .unknown() }) }
    symbols = Set(inBody.flatMap { $0.shape ?? [] }.compactMap(\.symbol))
    let iteration = ValueFacts(.tensor(.int64), shape: [], elements: [.unknown()])
    let condition = node.has(1) ? try node.facts(1) : nil
    let limit = node.has(0) ? try node.ifKnown { try node.element(0) } ?? .unknown() : nil
    let mayStop = condition.map { $0.truth != true } ?? false
    // A body only runs while the condition holds.
    let holds = condition.flatMap { $0.truth == true ? $0 : nil } ?? ValueFacts(.tensor(.bool), shape: condition?.shape)
    results = try node.results(
      ofBody: "body", [iteration, holds] + inBody, runs: !mayStop && (limit?.number.map { $0 > 0 } ?? false))
    try node.require(results.count > carried.count, "the body gives too few values")
    let staysTrue = !mayStop && (condition == nil || results[0].truth == true)
    count = staysTrue ? limit.map { Dim.maximum($0, 0) } ?? .unknown() : .unknown()
  }

  func outputs() throws -> [ValueFacts] {
    let given = Array(results.dropFirst().prefix(carried.count))
    for (before, after) in zip(carried, given) { try check(before, after) }
    // Where a rank changes, the body was gone through with the wrong one.
    let ranksHold = zip(carried, given).allSatisfy { $0.shape == nil || $0.shape?.count == $1.shape?.count }
    let constant = ranksHold ? constantExtents(given) : [:]
    let finals = zip(carried, zip(inBody, given)).map { before, inner in
      var facts = ValueFacts(inner.1.kind ?? before.kind)
      if ranksHold, let own = inner.0.shape {
        facts.shape = own.map { $0.symbol.flatMap { constant[$0] } ?? .unknown() }
      }
      return facts
    }
    let stacked = results.dropFirst(1 + carried.count).map { result in
      ValueFacts(result.kind, shape: ranksHold ? result.shape.map { [count] + $0.map { fixed($0, constant) } } : nil)
    }
    return Array((finals + stacked).prefix(node.outputCount))
  }

  /// A value may be optional in the first run alone.
  private func check(_ before: ValueFacts, _ after: ValueFacts) throws {
    guard let old = before.kind, let new = after.kind, old != new else { return }
    if case .optional(let element) = old, element == new { return }
    if case .optional(let element) = new, element == old { return }
    throw node.invalid("a value that is \(old.name) is \(new.name) behind the body")
  }

  /// The extents that are the same in all runs, by their symbols in the body.
  private func constantExtents(_ given: [ValueFacts]) -> [Dim.Symbol: Dim] {
    var extents: [Dim.Symbol: (before: Dim, after: Dim)] = [:]
    for (before, (inner, after)) in zip(carried, zip(inBody, given)) {
      for (extent, (own, next)) in zip(before.shape ?? [], zip(inner.shape ?? [], after.shape ?? [])) {
        if let symbol = own.symbol { extents[symbol] = (extent, next) }
      }
    }
    // Those that hold in the next run as long as all of them hold.
    for _ in 0..<8 {
      let held = extents.filter { fixed($0.value.after, extents.mapValues(\.before)) == $0.value.before }
      if held.count == extents.count { return held.mapValues(\.before) }
      extents = held
    }
    return [:]
  }

  /// An extent in the body with what is constant filled in; not known where something else of the carried values takes part.
  private func fixed(_ extent: Dim, _ constant: [Dim.Symbol: Dim]) -> Dim {
    var isKnown = true
    let result = extent.replacing { symbol in
      if let value = constant[symbol] { return value }
      if symbols.contains(symbol) { isKnown = false }
      return nil
    }
    return isKnown ? result ?? .unknown() : .unknown()
  }
}
