import ZooCompiler
import ZooCore
import ZooNumbers
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
    let own = node.inputs.count - (isBatched ? 1 : 0)
    guard case .int(let count)? = node[attribute: "num_scan_inputs"], let scans = Int(exactly: count), scans >= 1,
      scans <= own
    else { throw ZooError(.badData, "the number of inputs does not fit", at: node.label) }
    (scanCount, stateCount) = (scans, own - scans)
    body = try RunnableBody(node, "body", shared, givable: 0..<stateCount)
    guard body.ownInputCount == own, body.outputCount >= stateCount, node.outputs.count <= body.outputCount else {
      throw ZooError(.badData, "the numbers of the body's inputs and outputs don't fit", at: node.label)
    }
    stackCount = body.outputCount - stateCount
    func settings(_ name: String, _ count: Int) throws -> [Int] {
      let values = node.ints(name) ?? Array(repeating: 0, count: count)
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
    let count = length ?? extent
    let places = try scans.indices.map { try Places(of: scans[$0], axis: axes[$0]) }
    var turns = Turns(
      body, looks: 0, try initial + places.map(\.current) + body.around(operands), carried: 0..<stateCount, call)
    for turn in 0..<count {
      for index in scans.indices {
        let isNew = try places[index].move(to: inputsReversed[index] ? count - 1 - turn : turn)
        if isNew { turns[stateCount + index] = places[index].current }
      }
      _ = try turns.run()
    }
    let states = try count == 0 ? initial.map { try $0.owned() } : Array(turns.carriedValues)
    return try states + turns.stacks.indices.map { .tensor(try stack(turns.stacks[$0], index: $0, padding: extent)) }
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
