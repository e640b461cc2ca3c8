extension OperatorDeclaration {
  /// ONNX Div: quotients; those of integers are rounded toward zero.
  static let div = broadcasting(
    "Div",
    elements: { node in
      let type = try node.elementType(0)
      return try node.elementwise(withRatios: true) { dividend, divisor in
        type == .int32 || type == .int64
          ? dividend.truncatingQuotient(by: divisor) : try dividend.quotient(by: divisor)
      }
    }
  ).derivative { f in
    let part = f("Div", f.gradient, try f.operand(1))
    return [try f.summed(part, to: 0), f("Neg", try f.summed(f("Mul", part, f.y), to: 1))]
  }
}
