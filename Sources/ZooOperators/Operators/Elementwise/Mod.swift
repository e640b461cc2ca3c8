extension OperatorDeclaration {
  /// ONNX Mod: the rest of a division, with the sign of the divisor, or of the dividend where `fmod` is set.
  static let mod = broadcasting(
    "Mod",
    elements: { node in
      let truncates = try node.flag("fmod")
      return try node.elementwise { truncates ? $0.truncatingRest(by: $1) : $0.flooredRest(by: $1) }
    })
}
