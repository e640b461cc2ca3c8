extension Inference {
  /// The shape of a product of inputs 0 and 1 that attributes transpose: `transBatchA` moves the first dimension of A before
  /// the last one, `transA` swaps the last two; likewise for B. Vectors stay as they are.
  func transposedProduct() throws -> [Dim] {
    try matrixProduct(
      transposed(shape(0), batch: "transBatchA", matrix: "transA"),
      transposed(shape(1), batch: "transBatchB", matrix: "transB"))
  }

  private func transposed(_ shape: [Dim], batch: String, matrix: String) throws -> [Dim] {
    let (movesFirst, swaps) = (try flag(batch), try flag(matrix))
    guard shape.count > 1 else { return shape }
    var shape = shape
    if movesFirst {
      try require(shape.count > 2, "\(batch) needs a stack of matrices, not a tensor of shape \(shape)")
      shape.insert(shape.removeFirst(), at: shape.count - 1)
    }
    if swaps { shape.swapAt(shape.count - 1, shape.count - 2) }
    return shape
  }
}
