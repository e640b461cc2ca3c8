extension OperatorDeclaration {
  /// ONNX MatMul: NumPy's matmul.
  static let matMul = OperatorDeclaration("MatMul", [.product, .keepsZero]) { node in
    [try node.matrixProduct(node.shape(0), node.shape(1))]
  }.byRow { node in try node.rank(0) > 1 && node.rank(1) < 3 ? [0] : [] }
}

extension Inference {
  /// The shape of a product of stacks of matrices (NumPy's matmul): a vector is one row on the left and one column on the
  /// right, and the result loses that dimension.
  func matrixProduct(_ a: [Dim], _ b: [Dim]) throws -> [Dim] {
    try require(!a.isEmpty && !b.isEmpty, "scalars are no matrices")
    let left = a.count == 1 ? [1] + a : a
    let right = b.count == 1 ? b + [1] : b
    try requireEqual(
      left[left.count - 1], right[right.count - 2], "a tensor of shape \(a) can't be multiplied by one of shape \(b)")
    let stack = try broadcast([Array(left.dropLast(2)), Array(right.dropLast(2))])
    return stack + (a.count == 1 ? [] : [left[left.count - 2]]) + (b.count == 1 ? [] : [right[right.count - 1]])
  }
}
