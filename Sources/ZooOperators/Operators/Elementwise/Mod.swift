extension OperatorDeclaration {
  /// ONNX Mod: the rest of a division, with the sign of the divisor, or of the dividend where `fmod` is set.
  static let mod = broadcasting(
    "Mod",
    elements: { node in
      let truncates = try node.flag("fmod")
      return try node.elementwise { truncates ? $0.truncatingRest(by: $1) : $0.flooredRest(by: $1) }
    }
  ).derivative { f in
    // The quotient changes by steps alone.
    let quotient = f("Round", f("Div", f("Sub", f.x, f.y), try f.input(1)))
    let divisor = try f.summed(f("Mul", f.gradient, quotient), to: 1)
    return [try f.summed(f.gradient, to: 0), f("Neg", divisor)]
  }
}
