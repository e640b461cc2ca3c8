extension OperatorDeclaration {
  /// ONNX MatMul: NumPy's matmul.
  static let matMul = OperatorDeclaration("MatMul", [.product, .keepsZero]) { node in
    [try node.matrixProduct(node.shape(0), node.shape(1))]
  }.byRow { node in try node.rank(0) > 1 && node.rank(1) < 3 ? [0] : [] }.derivative { try $0.gradientsOfProduct() }
}

extension FunctionBody {
  /// Those of NumPy's matmul: of A, gradient · Bᵀ, of B, Aᵀ · gradient, summed over stacks that were repeated.
  fileprivate mutating func gradientsOfProduct() throws -> [Value?] {
    var (a, b, gradient) = (try node.shape(0), try node.shape(1), gradient)
    var (left, right) = (try input(0), try input(1))
    // A vector is a row on the left and a column on the right.
    if b.count == 1 {
      (right, gradient) = (try unsqueeze(right, [1]), try unsqueeze(gradient, [-1]))
      b.append(1)
    }
    if a.count == 1 {
      (left, gradient) = (try unsqueeze(left, [0]), try unsqueeze(gradient, [-2]))
      a.insert(1, at: 0)
    }
    let stack = try node.broadcast([Array(a.dropLast(2)), Array(b.dropLast(2))])
    let first = self("MatMul", gradient, turned(right, b.count))
    let second = self("MatMul", turned(left, a.count), gradient)
    return [
      reshape(try summed(first, stack + a.suffix(2), to: a, of: left), like: try input(0)),
      reshape(try summed(second, stack + b.suffix(2), to: b, of: right), like: try input(1)),
    ]
  }

  /// The matrices of a stack, transposed.
  private mutating func turned(_ value: Value, _ rank: Int) -> Value {
    transpose(value, Array(0..<rank - 2) + [rank - 1, rank - 2])
  }
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
