extension OperatorDeclaration {
  /// ONNX PRelu: the input, or its product with the slope below zero. Before version 7 there is a slope a channel.
  static let pRelu = OperatorDeclaration("PRelu", [.elementwise, .keepsZero]) { node in
    let (shape, slope) = (try node.shape(0), try node.facts(1).shape)
    guard node.opset >= 7, let slope else { return [shape] }
    return [try node.broadcast([shape, slope])]
  }.derivative { f in
    guard f.node.opset >= 7 else { throw f.node.noDerivative("before version 7 of the operator set") }
    let isBelow = f("Less", f.x, try f.number(0))
    return [
      try f.summed(f("Where", isBelow, f("Mul", f.gradient, f.input(1)), f.gradient), to: 0),
      try f.summed(f.only(where: isBelow, f("Mul", f.gradient, f.x)), to: 1),
    ]
  }
}
