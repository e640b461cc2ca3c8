extension OperatorDeclaration {
  /// ONNX BitShift: to the left or to the right by as many bits as the second operand says.
  static let bitShift = OperatorDeclaration("BitShift", [.elementwise, .keepsZero]) { node in
    let direction = try node.text("direction")
    try node.require(
      direction == "LEFT" || direction == "RIGHT", "BitShift has no direction \(direction ?? "given")")
    return [try node.broadcast([try node.shape(0), try node.shape(1)])]
  }
}
