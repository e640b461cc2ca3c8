extension OperatorDeclaration {
  /// ONNX Det: the determinant of each square matrix.
  static let det = OperatorDeclaration("Det") { node in [try node.squareMatrices(0).dropLast(2)] }
}

extension Inference {
  /// The shape of input `index`, whose last two extents are the same.
  func squareMatrices(_ index: Int) throws -> [Dim] {
    let shape = try shape(index)
    let areSquare = shape.count >= 2 && shape[shape.count - 1].equals(shape[shape.count - 2]) != false
    try require(areSquare, "a tensor of shape \(shape) holds no square matrices")
    return shape
  }
}
