extension OperatorDeclaration {
  /// ONNX Div: quotients; those of integers are rounded toward zero.
  static let div = broadcasting(
    "Div",
    elements: { node in
      let type = try node.elementType(0)
      return try node.elementwise { dividend, divisor in
        if type == .int32 || type == .int64 { return dividend.truncatingQuotient(by: divisor) }
        guard let quotient = dividend.divided(exactlyBy: divisor) else { throw NotKnown() }
        return quotient
      }
    })
}
