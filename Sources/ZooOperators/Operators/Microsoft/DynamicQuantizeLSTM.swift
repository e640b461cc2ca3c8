import ZooCore

extension OperatorDeclaration {
  /// com.microsoft DynamicQuantizeLSTM: LSTM with weights of 8 bits, (directions, inputs, 4 · hidden).
  static let dynamicQuantizeLSTM = microsoft(
    "DynamicQuantizeLSTM", "T U U ?T ?int32 ?T ?T ?T T U T U -> T T T"
  ) { node in
    let extents = try RecurrentExtents(node, activations: 3) { weights, recurrent in
      recurrent?[1] ?? weights?[2].floorDivided(by: 4)
    }
    let columns = 4 * extents.hidden
    try extents.check(1, "W", [extents.directions, extents.inputs, columns], node)
    try extents.check(2, "R", [extents.directions, extents.hidden, columns], node)
    try extents.checkOptional(gates: 4, node)
    return [extents.output, extents.state, extents.state]
  }.asFunction { f in
    let weights = try f.dequantizedGates(1, scale: 8, zeroPoint: 9)
    let recurrent = try f.dequantizedGates(2, scale: 10, zeroPoint: 11)
    let others = (3..<8).map { f.optionalInput($0) }
    return f.add(
      "RoundedLSTM", [try f.input(0), weights, recurrent] + others, outputs: f.node.outputCount,
      domain: compilerDomain, opset: 1,
      keeping: [
        "activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "input_forget",
      ])
  }
}

extension FunctionBody {
  /// A matrix (directions, 4 · hidden, depth) of numbers, of one of bytes (directions, depth, 4 · hidden), whose scales are
  /// one a direction or one a column.
  fileprivate mutating func dequantizedGates(_ index: Int, scale: Int, zeroPoint: Int) throws -> Value {
    let shape = try node.fixedShape(index)
    guard try node.fixedShape(scale).count == 2 else {
      let numbers = self(
        "DequantizeLinear", try input(index), try input(scale), try input(zeroPoint), attributes: ["axis": .int(0)])
      return transpose(numbers, [0, 2, 1])
    }
    let ones = [Int](repeating: 1, count: shape[0])
    let matrices = try split(input(index), ones, axis: 0)
    let scales = try split(input(scale), ones, axis: 0)
    let zeros = try split(input(zeroPoint), ones, axis: 0)
    let parts = try ones.indices.map { direction in
      let numbers = self(
        "DequantizeLinear", try reshape(matrices[direction], [shape[1], shape[2]]),
        try reshape(scales[direction], [shape[2]]), try reshape(zeros[direction], [shape[2]]),
        attributes: ["axis": .int(1)])
      return try unsqueeze(transpose(numbers, [1, 0]), [0])
    }
    return concat(parts, axis: 0)
  }
}
