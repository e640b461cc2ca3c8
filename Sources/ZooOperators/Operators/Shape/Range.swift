import ZooCore

extension OperatorDeclaration {
  /// ONNX Range: numbers from a start on, below a limit, by a step.
  static let range = OperatorDeclaration(
    "Range", shapeInputs: [0, 1, 2],
    elements: { node in
      let (start, step) = (try node.element(0), try node.element(2))
      guard let count = try node.integerCount().number else { throw NotKnown() }
      return (0..<count).map { start + step * Dim($0) }
    }
  ) { node in
    for index in 0..<3 {
      guard let shape = try node.facts(index).shape else { continue }
      try node.requireEqual(shape.product, 1, "input \(index) of shape \(shape) is not one number")
    }
    switch try node.ifKnown({ try node.elementType(0) }) {
    case nil: return [[.unknown()]]
    case .int64, .int32: return [[try node.ifKnown { try node.integerCount() } ?? .unknown()]]
    default: return [[try node.ifKnown { Dim(try node.count()) } ?? .unknown()]]
    }
  }
}

extension Inference {
  /// How many integers there are.
  fileprivate func integerCount() throws -> Dim {
    let (start, limit, step) = (try element(0), try element(1), try element(2))
    // Numbers at the ends of what `Dim` holds may be others.
    guard let stride = step.number, ![start, limit].contains(where: { $0 == Dim(.max) || $0 == Dim(.min) }) else {
      return .unknown()
    }
    try require(stride != 0, "there is no range from \(start) to \(limit) by 0")
    let count = Dim.maximum((limit - start).ceilingDivided(by: step), 0)
    try require(count.number.map { $0 < 1 << 47 } ?? true, "a range of \(count) numbers is too long")
    return count
  }

  /// How many numbers of another type there are.
  fileprivate func count() throws -> Int {
    let numbers = try (0..<3).map { index in
      guard let number = try self.numbers(index).first else { throw invalid("input \(index) is empty") }
      return number
    }
    let count = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
    try require(
      numbers[2] != 0 && count < 0x1p47, "there is no range from \(numbers[0]) to \(numbers[1]) by \(numbers[2])")
    // Where something is no number, nothing follows the start.
    return count > 0 ? Int(count) : 0
  }
}
