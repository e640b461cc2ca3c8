extension OperatorDeclaration {
  /// ONNX CausalConvWithState: each channel convolved with what came before, which is carried on from call to call.
  static let causalConvWithState = OperatorDeclaration("CausalConvWithState", [.product, .keepsZero]) { node in
    let activation = try node.text("activation") ?? "none"
    try node.require(
      ["none", "silu", "swish"].contains(activation), "activation is \"\(activation)\", not none, silu or swish")
    let (x, w) = (try node.facts(0).shape, try node.facts(1).shape)
    try node.require(x.map { $0.count == 3 } ?? true, "the input has the shape \(x ?? []), not [N, C, L]")
    try node.require(
      w.map { $0.count == 3 && $0[1].equals(1) != false } ?? true,
      "the weights have the shape \(w ?? []), not [C, 1, K]")
    var shape = x ?? .unknown(rank: 3)
    if let w {
      try node.requireEqual(shape[1], w[0], "input and weights have different channels")
      if shape[1].number == nil { shape[1] = w[0] }
    }
    if node.has(2) { try node.requireVector(2, of: shape[1], "the bias") }
    let state = [shape[0], shape[1], w.map { $0[2] - 1 } ?? .unknown()]
    if node.has(3), let past = try node.facts(3).shape {
      try node.require(
        past.count == 3 && zip(past, state).allSatisfy { $0.equals($1) != false },
        "the state has the shape \(past) in place of \(state)")
    }
    return [shape, state]
  }
}
