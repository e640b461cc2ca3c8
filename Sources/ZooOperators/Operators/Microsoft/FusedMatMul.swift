import ZooCore

extension OperatorCatalogue {
  /// Products whose operands attributes transpose, and Gemm with an activation.
  static let microsoftProducts: [OperatorDeclaration] = [
    .fusedConv, .nhwcConv, .nhwcFusedConv, .matMulNBits, .matMulBnb4,
    .microsoft("FusedGemm", "T T ?T -> T", .product) { [try $0.matrixProductAndSum(a: 0, b: 1, c: 2)] }
      .asFunction { f in
        let y = f(
          "Gemm", try f.input(0), try f.input(1), f.optionalInput(2), keeping: ["alpha", "beta", "transA", "transB"])
        let parameters = try ["alpha", "beta", "gamma"].compactMap { try f.node.float("activation_\($0)") }
        return [try f.activated(y, f.node.text("activation"), parameters)]
      },
    .microsoft("FusedMatMul", "T T -> T", [.product, .keepsZero]) { [try $0.transposedProduct()] }
      .asFunction { [try $0.transposedProduct()] },
    .microsoft("TransposeMatMul", "T T -> T", [.product, .keepsZero]) { [try $0.transposedProduct()] }
      .asFunction { [try $0.transposedProduct()] },
    .microsoft("FusedMatMulActivation", "T T -> T", .product) { [try $0.transposedProduct()] },
  ]
}

extension FunctionBody {
  fileprivate mutating func transposedProduct() throws -> Value {
    let (left, right) = (
      try transposed(0, batch: "transBatchA", matrix: "transA"),
      try transposed(1, batch: "transBatchB", matrix: "transB")
    )
    let product = self("MatMul", left, right)
    guard let alpha = try node.float("alpha"), alpha != 1 else { return product }
    return self("Mul", product, try number(Double(alpha), try node.elementType(0)))
  }

  private mutating func transposed(_ index: Int, batch: String, matrix: String) throws -> Value {
    let order = try node.matrixOrder(rank: node.rank(index), batch: batch, matrix: matrix)
    return order == Array(order.indices) ? try input(index) : transpose(try input(index), order)
  }
}

extension Inference {
  /// The shape of a product of inputs 0 and 1 that attributes transpose: `transBatchA` moves the first dimension of A before
  /// the last one, `transA` swaps the last two; likewise for B. Vectors stay as they are.
  func transposedProduct() throws -> [Dim] {
    try matrixProduct(
      transposed(shape(0), batch: "transBatchA", matrix: "transA"),
      transposed(shape(1), batch: "transBatchB", matrix: "transB"))
  }

  private func transposed(_ shape: [Dim], batch: String, matrix: String) throws -> [Dim] {
    try matrixOrder(rank: shape.count, batch: batch, matrix: matrix).map { shape[$0] }
  }

  /// Which dimension of the operand each dimension of the matrices is.
  fileprivate func matrixOrder(rank: Int, batch: String, matrix: String) throws -> [Int] {
    var order = Array(0..<rank)
    let (movesFirst, swaps) = (try flag(batch), try flag(matrix))
    guard rank > 1 else { return order }
    if movesFirst {
      try require(rank > 2, "\(batch) needs a stack of matrices, not a tensor of \(rank) dimensions")
      order.insert(order.removeFirst(), at: rank - 2)
    }
    if swaps { order.swapAt(rank - 1, rank - 2) }
    return order
  }
}
