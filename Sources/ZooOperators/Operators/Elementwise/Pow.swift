extension OperatorDeclaration {
  /// ONNX Pow: the first operand to the power of the second, which may be of another type.
  static let pow = OperatorDeclaration(
    "Pow", .elementwise, types: { node in [.tensor(try node.elementType(0))] },
    elements: { node in
      try node.elementwise { base, exponent in
        guard let count = exponent.number, (0...64).contains(count) else { return .unknown() }
        return (0..<count).reduce(Dim(1)) { product, _ in product * base }
      }
    },
    elementsOfAnyType: true
  ) { node in
    if node.broadcastsByAttributes { return [try node.shapeByAttributes()] }
    return [try node.broadcast([try node.shape(0), try node.shape(1)])]
  }.derivative { try $0.gradientsOfPower() }
}

extension FunctionBody {
  fileprivate mutating func gradientsOfPower() throws -> [Value?] {
    let (type, exponentType) = (try node.elementType(0), try node.elementType(1))
    let exponent = cast(try operand(1), from: exponentType, to: type)
    let (zero, one) = (try number(0), try number(1))
    let lower = self("Mul", exponent, self("Pow", x, self("Sub", exponent, one)))
    // Where the exponent is 0, the power is 1 whatever the base, 0 too.
    let slope = self("Where", self("Equal", exponent, zero), zero, lower)
    let base = try summed(self("Mul", gradient, slope), to: 0)
    guard exponentType.isContinuous else { return [base, nil] }
    // Of 0, powers above 0 are 0, whatever the logarithm says.
    let isFlat = self("And", self("Equal", x, zero), self("GreaterOrEqual", exponent, zero))
    let growth = self("Where", isFlat, zero, self("Mul", y, self("Log", x)))
    return [base, cast(try summed(self("Mul", gradient, growth), to: 1), from: type, to: exponentType)]
  }
}
