import ZooCompiler
import ZooCore
import ZooOperators

extension FusePatterns {
  /// One SelectChannels for each output of what only picks channels: a shuffle (Zhang et al. 2018, "ShuffleNet"), a Gather,
  /// and parts of such. It also picks from what a Concat before them joins, and goes through memory once, in any layout.
  func selections(_ node: CompilerNode, _ graph: CompilerGraph) -> [CompilerNode]? {
    if node.operatorType == "Reshape" {
      guard let (source, order) = graph.shuffle(endingIn: node), graph.hasChannels(source) else { return nil }
      let channels = graph.channels(of: source)
      return selections(node, [order.map { channels[$0] }])
    }
    let before = node.input(0).flatMap { graph[$0].producer }.map { graph[$0].operatorType }
    guard node.operatorType == "Gather" || before == "SelectChannels" else { return nil }
    return graph.hasChannels(node.input(0)) ? graph.picked(by: node).flatMap { selections(node, $0) } : nil
  }

  private func selections(_ node: CompilerNode, _ channels: [[Channel]]) -> [CompilerNode]? {
    let made = zip(node.outputs, channels).filter { $0.0 != nil }.map { output, channels in
      var places: [ValueID: Int] = [:]
      for channel in channels where places[channel.value] == nil { places[channel.value] = places.count }
      let numbers = channels.flatMap { [Int64(places[$0.value] ?? 0), Int64($0.number)] }
      return CompilerNode(
        "SelectChannels", domain: internalDomain, opset: 1, name: node.name,
        inputs: places.sorted { $0.value < $1.value }.map(\.key), outputs: [output],
        attributes: [Attribute("channels", .ints(numbers))])
    }
    return made.allSatisfy { (1...64).contains($0.inputs.count) } ? made : nil
  }
}

/// A channel of a value (N, C, …).
private typealias Channel = (value: ValueID, number: Int)

extension CompilerGraph {
  fileprivate func hasChannels(_ value: ValueID?) -> Bool {
    guard let shape = shape(of: value), shape.count > 2, shape[1] <= 1 << 14 else { return false }
    return [.float32, .int8, .uint8].contains(type(of: value))
  }

  /// Where a value's channels come from.
  ///
  /// - Parameter depth: As many nodes are looked through; what picks and a Concat are two.
  fileprivate func channels(of value: ValueID, depth: Int = 2) -> [Channel] {
    if depth > 0, let producer = self[value].producer,
      ["Concat", "SelectChannels"].contains(self[producer].operatorType),
      let picked = picked(by: self[producer], depth: depth - 1)
    {
      return picked[0]
    }
    return (0..<(shape(of: value)?.dropFirst().first ?? 0)).map { (value, $0) }
  }

  /// Where the channels of a node's outputs come from, if it only picks them.
  fileprivate func picked(by node: CompilerNode, depth: Int = 2) -> [[Channel]]? {
    guard let picked = (try? node.declaration?.channels(Inference(node, in: self))) ?? nil else { return nil }
    let inputs = node.inputs.map { $0.map { channels(of: $0, depth: depth) } ?? [] }
    return picked.map { $0.map { inputs[$0.input][$0.number] } }
  }

  /// What is shuffled by a Reshape into groups, a Transpose of groups and channels, and `node`; and which channels come out.
  fileprivate func shuffle(endingIn node: CompilerNode) -> (source: ValueID, channels: [Int])? {
    guard let turned = making(node.input(0), "Transpose"), let turn = turned.ints("perm"), turn.count > 3,
      turn == [0, 2, 1] + (3..<turn.count), let parts = shape(of: turned.input(0)),
      let split = turned.input(0).flatMap({ self[$0].producer }), self[split].isView, let source = self[split].input(0),
      let whole = shape(of: source), whole == [parts[0], parts[1] * parts[2]] + parts[3...],
      shape(of: node.outputs[0]) == whole
    else { return nil }
    return (source, (0..<whole[1]).map { $0 % parts[1] * parts[2] + $0 / parts[1] })
  }
}
