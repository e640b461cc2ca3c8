import ZooCore

extension OperatorDeclaration {
  /// ONNX Where: by element, of the second input where the first is true, else of the third.
  static let whereOperator = OperatorDeclaration(
    "Where", [.elementwise, .keepsZero],
    elements: { node in
      try node.elementwise(of: [0, 1, 2]) { values in
        guard let condition = values[0].number else { return values[1] == values[2] ? values[1] : .unknown() }
        return condition != 0 ? values[1] : values[2]
      }
    },
    elementsOfAnyType: true
  ) { node in
    if let type = try node.facts(0).kind {
      try node.require(type == .tensor(.bool), "the condition is \(type.name), not bool")
    }
    return [try node.broadcast([try node.shape(0), try node.shape(1), try node.shape(2)])]
  }.derivative { f in
    let zero = try f.number(0, f.node.elementType(1))
    return [
      nil, try f.summed(f("Where", f.input(0), f.gradient, zero), to: 1),
      try f.summed(f("Where", f.input(0), zero, f.gradient), to: 2),
    ]
  }
}
