import ZooCore

extension OperatorDeclaration {
  /// ONNX RandomNormal and RandomUniform: a tensor of the shape that an attribute gives.
  static func randomTensor(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(
      name, .random, types: { node in [.tensor(try node.floatType(node.elementType("dtype") ?? .float32))] }
    ) { node in
      guard let shape = try node.ints("shape") else { throw node.invalid("attribute shape is missing") }
      try node.require(shape.allSatisfy { $0 >= 0 }, "the shape \(shape) has a negative extent")
      return [shape.map { Dim($0) }]
    }
  }

  /// ONNX RandomNormalLike and RandomUniformLike: a tensor of the input's shape.
  static func randomLike(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(
      name, [.random, .readsShapeOnly],
      types: { node in [.tensor(try node.floatType(node.elementType("dtype") ?? node.elementType(0)))] }
    ) { node in [try node.shape(0)] }
  }
}

extension Inference {
  fileprivate func floatType(_ type: ElementType) throws -> ElementType {
    try require(
      [.float16, .bfloat16, .float32, .float64].contains(type), "random numbers can't be of type \(type.name)")
    return type
  }
}
