extension OperatorDeclaration {
  /// ONNX PRelu: the input, or its product with the slope below zero. Before version 7 there is a slope a channel.
  static let pRelu = OperatorDeclaration("PRelu", [.elementwise, .keepsZero]) { node in
    let (shape, slope) = (try node.shape(0), try node.facts(1).shape)
    guard node.opset >= 7, let slope else { return [shape] }
    return [try node.broadcast([shape, slope])]
  }
}
