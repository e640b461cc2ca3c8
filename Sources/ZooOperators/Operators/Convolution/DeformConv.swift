extension OperatorDeclaration {
  /// ONNX DeformConv (Dai et al. 2017, Zhu et al. 2019): a convolution whose taps move by offsets that are an input.
  static let deformConv = OperatorDeclaration("DeformConv", [.product, .keepsZero]) { node in
    var shape = try node.convolutionShape(weights: 1, bias: 3)
    let (x, w) = try node.convolutionOperands(weights: 1)
    let groups = try node.groups("offset_group")
    try node.require(
      x[1].number.map { $0 % groups == 0 } ?? true, "\(x[1]) channels can't be split into \(groups) offset groups")
    let taps = w[2...].product * Dim(groups)
    for (index, channels) in [(2, taps * Dim(x.count - 2)), (4, taps)] where index == 2 || node.has(index) {
      guard let own = try node.facts(index).shape else { continue }
      let wanted = [shape[0], channels] + shape[2...]
      try node.require(
        own.count == wanted.count && zip(own, wanted).allSatisfy { $0.equals($1) != false },
        "input \(index) has the shape \(own) in place of \(wanted)")
      for axis in shape.indices where axis != 1 && shape[axis].number == nil { shape[axis] = own[axis] }
    }
    return [shape]
  }
}
