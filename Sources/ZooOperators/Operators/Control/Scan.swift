import ZooCore

extension OperatorDeclaration {
  /// ONNX Scan: a body on one slice of each sequence after the other, with states that it passes on, and outputs of all
  /// runs stacked. Version 8 does so for each sample of a batch.
  static let scan = OperatorDeclaration("Scan", .hasBodies, facts: { node in try ScanInference(node).outputs() })
}

private struct ScanInference {
  private let node: Inference
  /// Dimensions before the sequences' own: the batch of version 8.
  private let batch: [Dim]
  private let length: Dim
  private let states: [ValueFacts]
  private let results: [ValueFacts]

  init(_ node: Inference) throws {
    self.node = node
    let isBatched = node.opset < 9
    let inputs = node.inputs.dropFirst(isBatched ? 1 : 0).map { ($0 ?? ValueFacts(nil)).changing }
    let sequenceCount = try node.requiredInt("num_scan_inputs")
    try node.require(
      sequenceCount > 0 && sequenceCount <= inputs.count, "\(sequenceCount) of \(inputs.count) inputs are no sequences")
    let stateCount = inputs.count - sequenceCount
    let resultCount = try node.checkBody(
      "body", inputs: inputs.count, outputs: max(stateCount, node.outputCount)...(.max - 1))
    var lengths: [Dim] = []
    var batches: [Dim] = []
    var slices = try inputs.map { facts in
      guard isBatched, let shape = facts.shape else { return facts }
      guard let first = shape.first else { throw node.invalid("a tensor without dimensions has no batch") }
      batches.append(first)
      return ValueFacts(facts.kind, shape: Array(shape.dropFirst()))
    }
    let axes = try isBatched ? nil : node.ints("scan_input_axes")
    try node.require(
      axes.map { $0.count == sequenceCount } ?? true, "scan_input_axes is not a list of \(sequenceCount) axes")
    for index in 0..<sequenceCount {
      guard var shape = slices[stateCount + index].shape else { continue }
      lengths.append(shape.remove(at: try node.normalized(axis: axes?[index] ?? 0, rank: shape.count)))
      slices[stateCount + index].shape = shape
    }
    length = try node.common(lengths, "sequences differ in length")
    batch = isBatched ? [try node.common(batches, "inputs differ in their batch")] : []
    states = Array(slices.prefix(stateCount))
    results = try node.results(ofBody: "body", slices, runs: length.number.map { $0 > 0 } ?? false)
    try node.require(results.count == resultCount, "the body gives another number of values")
  }

  func outputs() throws -> [ValueFacts] {
    let finals = try zip(states, results).map { before, after in try final(before, after) }
    let stacked = Array(results.dropFirst(states.count))
    let axes = try batch.isEmpty ? node.ints("scan_output_axes") : nil
    try node.require(
      axes.map { $0.count == stacked.count } ?? true, "scan_output_axes is not a list of \(stacked.count) axes")
    let sequences = try stacked.enumerated().map { index, facts in
      guard var shape = facts.shape else { return ValueFacts(facts.kind) }
      shape.insert(length, at: try node.normalized(axis: axes?[index] ?? 0, rank: shape.count + 1))
      return ValueFacts(facts.kind, shape: batch + shape)
    }
    return Array((finals + sequences).prefix(node.outputCount))
  }

  /// A state, which has to keep its type and shape.
  private func final(_ before: ValueFacts, _ after: ValueFacts) throws -> ValueFacts {
    if let old = before.kind, let new = after.kind {
      try node.require(old == new, "a state that is \(old.name) is \(new.name) behind the body")
    }
    let kind = before.kind ?? after.kind
    guard let old = before.shape, let new = after.shape else {
      return ValueFacts(kind, shape: before.shape.map { batch + $0 })
    }
    let message = "a state of shape \(old) has the shape \(new) behind the body"
    try node.require(old.count == new.count, message)
    for (left, right) in zip(old, new) { try node.requireEqual(left, right, message) }
    return ValueFacts(kind, shape: batch + old)
  }
}

extension Inference {
  /// The number that all of `extents` are, a plain one if there is one.
  fileprivate func common(_ extents: [Dim], _ message: String) throws -> Dim {
    guard let first = extents.first else { return .unknown() }
    for other in extents { try requireEqual(first, other, message) }
    return extents.first { $0.number != nil } ?? first
  }
}
