extension OperatorDeclaration {
  /// ONNX Pad: widens or crops each dimension, at both ends.
  static let pad = OperatorDeclaration("Pad", shapeInputs: [1, 3]) { node in
    let mode = try node.text("mode") ?? "constant"
    try node.require(["constant", "reflect", "edge", "wrap"].contains(mode), "there is no pad mode \(mode)")
    let attribute = try node.opset < 11 ? node.padsAttribute() : nil
    let pads = try attribute ?? node.ifKnown { try node.elements(1) }
    guard var shape = try node.facts(0).shape else {
      guard let pads, !(node.opset >= 11 && node.has(3)) else { throw NotKnown() }
      return [node.unknownShape(pads.count / 2)]
    }
    let named = try node.opset >= 11 && node.has(3) ? node.ifKnown { try node.integers(3) } : Array(shape.indices)
    guard let pads, let named else { return [node.unknownShape(shape.count)] }
    let axes = try node.normalized(axes: named, rank: shape.count)
    try node.require(
      pads.count == 2 * axes.count, "\(pads.count) pads for \(axes.count) dimensions of the shape \(shape)")
    for (index, axis) in axes.enumerated() {
      let (before, after) = (pads[index], pads[index + axes.count])
      try node.checkPads(before, after, shape[axis], mode)
      shape[axis] = shape[axis] + before + after
    }
    return [shape]
  }.derivative { try $0.gradientsOfPadded() }
}

extension FunctionBody {
  fileprivate mutating func gradientsOfPadded() throws -> [Value?] {
    try node.checkSizesForFunction()
    guard try node.text("mode") ?? "constant" == "constant" else { return [try gradientOfMoved()] }
    // What was added is cropped, and what was cropped adds zeros.
    let turned =
      try node.opset < 11
      ? node.padsAttribute().map { -($0.number ?? 0) } : nil
    let pads = try turned.map { try integers($0) } ?? self("Neg", try input(1))
    let inner = self("Pad", gradient, pads, nil, node.opset < 11 ? nil : optionalInput(3))
    guard node.opset >= 11, node.has(2) else { return [inner] }
    let rest = self("Sub", self("ReduceSum", gradient), self("ReduceSum", inner))
    return [inner, nil, reshape(rest, like: try input(2))]
  }
}

extension Inference {
  fileprivate func padsAttribute() throws -> [Dim] {
    guard let pads = try ints(opset < 2 ? "paddings" : "pads") else { throw invalid("attribute pads is missing") }
    return pads.map { Dim($0) }
  }

  fileprivate func checkPads(_ before: Dim, _ after: Dim, _ extent: Dim, _ mode: String) throws {
    guard let first = before.number, let last = after.number, let old = extent.number,
      let new = (extent + before + after).number
    else { return }
    try require(
      new >= 0 && first >= -old && last >= -old && (mode == "constant" || old > 0 || new == 0),
      "pads of \(before) and \(after) for an extent of \(extent)")
  }
}
