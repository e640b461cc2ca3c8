import ZooCompiler
import ZooCore
import ZooOperators

/// ONNX Scan: a body that is run over the places of its inputs along an axis, on what it gave the time before. What it gives
/// besides is stacked.
struct ScanOperation: NativeOperation {
  private let body: RunnableBody
  private let stateCount, scanCount, stackCount: Int
  private let inputAxes, outputAxes: [Int]
  private let inputsReversed, outputsReversed: [Bool]
  /// Version 8 goes through batches, each with a length of its own.
  private let isBatched: Bool
  private let stackFacts: [ValueFacts]

  init(_ node: CompilerNode, in graph: CompilerGraph, _ shared: SharedParts) throws {
    isBatched = node.opset < 9
    let own = max(node.inputs.count - (isBatched ? 1 : 0), 0)
    let carried = own - min(max(node.int("num_scan_inputs") ?? 0, 0), own)
    body = try RunnableBody(node, "body", shared, givable: 0..<carried)
    func list(_ name: String) -> [Int]? {
      guard case .ints(let values)? = node[attribute: name] else { return nil }
      return values.map { Int($0) }
    }
    guard case .int(let count)? = node[attribute: "num_scan_inputs"], let scans = Int(exactly: count), scans >= 1,
      scans <= body.ownInputCount, body.ownInputCount == node.inputs.count - (isBatched ? 1 : 0),
      body.outputCount >= body.ownInputCount - scans, node.outputs.count <= body.outputCount
    else { throw ZooError(.badData, "the numbers of inputs and outputs don't fit", at: node.label) }
    scanCount = scans
    stateCount = body.ownInputCount - scans
    stackCount = body.outputCount - stateCount
    func settings(_ name: String, _ count: Int) throws -> [Int] {
      let values = list(name) ?? Array(repeating: 0, count: count)
      guard values.count == count else {
        throw ZooError(.badData, "\(name) has \(values.count) entries", at: node.label)
      }
      return values
    }
    inputAxes = try settings("scan_input_axes", scanCount)
    outputAxes = try settings("scan_output_axes", stackCount)
    inputsReversed = try settings(isBatched ? "directions" : "scan_input_directions", scanCount).map { $0 != 0 }
    outputsReversed = try settings("scan_output_directions", stackCount).map { $0 != 0 }
    stackFacts = (stateCount..<body.outputCount).map { [isBatched] index in
      var facts = node.facts(ofOutput: index, in: graph)
      if isBatched { facts.shape = facts.shape.map { Array($0.dropFirst()) } }
      return facts
    }
  }

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    guard isBatched else {
      let states = try (0..<stateCount).map { try inputs.value($0) }
      let scans = try (0..<scanCount).map { try inputs.tensor(stateCount + $0) }
      return try scan(states, scans, length: nil, operands: inputs, call)
    }
    return try runBatches(inputs, call)
  }

  private func runBatches(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    let tensors = try (0..<stateCount + scanCount).map { try inputs.tensor($0 + 1) }
    guard let batch = tensors[0].shape.first, tensors.allSatisfy({ $0.shape.first == batch }), batch > 0 else {
      throw ZooError(.badData, "the inputs differ in their number of batches")
    }
    let lengths = inputs[0] == nil ? nil : try inputs.tensor(0).elements(Int64.self)
    var results: [[Tensor]] = []
    for index in 0..<batch {
      let own = try tensors.map { try piece($0, axis: 0, index..<index + 1).droppingAxis(0) }
      let length = lengths.map { Int($0[index]) }
      let made = try scan(
        own[..<stateCount].map(Value.tensor), Array(own[stateCount...]), length: length, operands: inputs, call)
      results.append(
        try made.map { value in
          guard let tensor = value.tensor else { throw ZooError(.badData, "what a Scan gives is no tensor") }
          return tensor
        })
    }
    return try results[0].indices.map { output in .tensor(try stacked(results.map { $0[output] }, axis: 0)) }
  }

  private func scan(
    _ initial: [Value], _ scans: [Tensor], length: Int?, operands: [Value?], _ call: RunContext
  ) throws -> [Value] {
    let axes = try zip(inputAxes, scans).map { axis, tensor in
      let place = axis < 0 ? axis + tensor.shape.count : axis
      guard tensor.shape.indices.contains(place) else {
        throw ZooError(.badData, "axis \(axis) is outside a tensor of rank \(tensor.shape.count)")
      }
      return place
    }
    let extents = Set(zip(axes, scans).map { $1.shape[$0] })
    guard let extent = extents.first, extents.count == 1, length.map({ (0...extent).contains($0) }) ?? true else {
      throw ZooError(.badData, "the scanned inputs differ in length")
    }
    var states = initial
    var stacks = [[Tensor]](repeating: [], count: stackCount)
    var inner = call
    // What the scan alone has.
    var given: Set<Int> = []
    for turn in 0..<(length ?? extent) {
      let pieces = try scans.indices.map { index in
        let place = inputsReversed[index] ? (length ?? extent) - 1 - turn : turn
        return Value.tensor(
          try piece(scans[index], axis: axes[index], place..<place + 1).droppingAxis(axes[index]))
      }
      let results = try body.run(states + pieces, given: given, operands: operands, inner)
      states = Array(results.prefix(stateCount))
      given = results.alone(first: stateCount)
      for (index, result) in results.dropFirst(stateCount).enumerated() {
        guard let tensor = result.tensor else { throw ZooError(.badData, "what a Scan stacks is no tensor") }
        inner.memory = try inner.memory.taking(tensor.byteCount)
        stacks[index].append(tensor)
      }
    }
    if stacks.first?.isEmpty ?? (extent == 0) { states = try states.map { try $0.owned() } }
    return try states + stacks.indices.map { .tensor(try stack(stacks[$0], index: $0, padding: extent)) }
  }

  /// - Parameter extent: How long the result is in batches of different lengths; zeros follow the shorter ones.
  private func stack(_ tensors: [Tensor], index: Int, padding extent: Int) throws -> Tensor {
    guard let first = tensors.first else {
      let rank = stackFacts[index].shape?.count ?? 1
      return try emptyStack(stackFacts[index], axis: outputAxes[index] + (outputAxes[index] < 0 ? rank : 0))
    }
    let axis = outputAxes[index] < 0 ? outputAxes[index] + first.shape.count + 1 : outputAxes[index]
    guard (0...first.shape.count).contains(axis) else {
      throw ZooError(.badData, "axis \(outputAxes[index]) is outside a tensor of rank \(first.shape.count + 1)")
    }
    let ordered = outputsReversed[index] ? tensors.reversed() : tensors
    guard isBatched, ordered.count < extent else { return try stacked(ordered, axis: axis) }
    let zeros = try Tensor(type: first.type, shape: first.shape) {
      _ = $0.initializeMemory(as: UInt8.self, repeating: 0)
    }
    return try stacked(ordered + Array(repeating: zeros, count: extent - ordered.count), axis: axis)
  }
}
