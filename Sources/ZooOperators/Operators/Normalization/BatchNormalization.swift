import ZooCore

extension OperatorDeclaration {
  /// ONNX BatchNormalization: by the mean and variance of each channel, those of training or those of the batch.
  static let batchNormalization = OperatorDeclaration(
    "BatchNormalization",
    types: { node in
      let type = try node.kind(0)
      if node.opset < 14 { try node.requireAlike(1...4) }
      // Statistics had the input's type before version 14.
      let statistics = node.opset < 14 ? type : try node.ifKnown { try node.kind(3) }
      return [type] + Array(repeating: statistics, count: 4)
    }
  ) { node in
    let x = try node.facts(0).shape
    try node.require(x.map { $0.count >= 2 } ?? true, "the input of shape \(x ?? []) has no channels")
    // Version 7 and those before know statistics for each position.
    if node.opset < 9, try !node.flag("spatial", default: true) {
      let statistics = try x.map { Array($0.dropFirst()) } ?? node.facts(3).shape
      for index in 1..<5 {
        guard let statistics, let own = try node.facts(index).shape else { continue }
        try node.require(
          own.count == statistics.count && zip(own, statistics).allSatisfy { $0.equals($1) != false },
          "input \(index) has the shape \(own), not \(statistics)")
      }
      return [x] + Array(repeating: statistics, count: 4)
    }
    var channels = x?[1] ?? .unknown()
    for index in 1..<5 {
      try node.requireVector(index, of: channels, "input \(index)")
      if channels.number == nil, let known = try node.facts(index).shape?.first { channels = known }
    }
    return [x] + Array(repeating: [channels], count: 4)
  }.byRow { node in
    // Whoever asks for statistics trains.
    let wantsStatistics = node.node.outputs.dropFirst().contains { !$0.isEmpty }
    return try wantsStatistics || node.opset < 7 || node.flag("training_mode") ? [] : [0]
  }.differentiated { f in
    let wantsStatistics = f.node.node.outputs.dropFirst().contains { !$0.isEmpty }
    guard !wantsStatistics, f.node.opset >= 9, try !f.node.flag("training_mode") else {
      throw f.node.noDerivative("in training, or in operator sets before 9")
    }
    let (rank, type) = (try f.node.rank(0), try f.node.elementType(0))
    func channel(_ index: Int, _ f: inout FunctionBody) throws -> FunctionBody.Value {
      let value = f.cast(try f.input(index), from: try f.node.elementType(index), to: type)
      return rank > 2 ? try f.unsqueeze(value, Array(1..<rank - 1)) : value
    }
    let spread = f("Sqrt", f("Add", try channel(4, &f), try f.epsilon(type)))
    let normal = f("Div", f("Sub", f.x, try channel(3, &f)), spread)
    return [f("Add", f("Mul", normal, try channel(1, &f)), try channel(2, &f))]
  }
}
