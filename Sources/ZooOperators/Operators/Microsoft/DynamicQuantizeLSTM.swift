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
  }
}
