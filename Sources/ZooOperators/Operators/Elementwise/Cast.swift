import ZooCore

extension OperatorDeclaration {
  /// ONNX Cast: elements converted to another type.
  static let cast = OperatorDeclaration(
    "Cast", [.elementwise, .keepsZero, .keepsValues],
    types: { node in [.tensor(try node.castTarget())] },
    elements: { node in try node.elements(castTo: node.castTarget()) }, elementsOfAnyType: true
  ) { node in [try node.shape(0)] }.derivative { f in [try f.castBack()] }
}

extension FunctionBody {
  /// The gradient in the type of what was cast.
  mutating func castBack() throws -> Value? {
    let type = try node.elementType(0)
    return type.isContinuous ? cast(gradient, from: outputs.first?.elementType, to: type) : nil
  }
}

extension Inference {
  fileprivate func castTarget() throws -> ElementType {
    if opset < 6 {
      // The first version names the type in place of giving its number.
      if let type = try text("to").flatMap({ castTypes[$0] }) { return type }
    } else if let type = try elementType("to") {
      return type
    }
    throw invalid("attribute to names no type")
  }

  /// Whole numbers of the first input converted to `type`; numbers that are not whole lose their fraction.
  func elements(castTo type: ElementType) throws -> [Dim] {
    let source = try facts(0)
    if source.elementType == type { return try reals(0) }
    if source.elements == nil, source.elementType == .float32 || source.elementType == .float64 {
      return try numbers(0).map { number in
        if type == .bool { return .truth(number != 0) }
        let isWhole = number == number.rounded(.towardZero)
        guard isWhole || type == .int64 || type == .int32 else { throw NotKnown() }
        return try Int(exactly: number.rounded(.towardZero)).map { try Dim($0).exact(as: type) } ?? .unknown()
      }
    }
    return try reals(0).map { element in
      if type == .bool { return (element.ratio?.dividend ?? element).truth }
      return try (type == .int32 || type == .int64 ? element.truncated : element).exact(as: type)
    }
  }
}

/// The names that Cast gave types in its first version.
package let castTypes: [String: ElementType] = [
  "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16, "INT32": .int32,
  "INT64": .int64, "STRING": .string, "BOOL": .bool, "FLOAT16": .float16, "DOUBLE": .float64, "UINT32": .uint32,
  "UINT64": .uint64, "COMPLEX64": .complex64, "COMPLEX128": .complex128,
]
