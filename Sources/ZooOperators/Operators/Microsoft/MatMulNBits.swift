import ZooCore

extension OperatorDeclaration {
  /// com.microsoft MatMulNBits: a product with a matrix of K rows and N columns, in blocks of few bits with scales.
  static let matMulNBits = microsoft("MatMulNBits", "T uint8 T ?_ ?int32 ?T -> T", .product) { node in
    [try node.packedProduct(bias: 5)]
  }.asFunction { f in
    guard f.optionalInput(4) == nil else {
      throw ZooError(.unsupported, "groups in another order (g_idx) are not known")
    }
    let (shape, depth, columns) = (try f.node.fixedShape(0), try f.node.requiredInt("K"), try f.node.requiredInt("N"))
    let blockSize = try f.node.requiredInt("block_size")
    try f.node.require(blockSize > 0 && blockSize <= 1 << 16, "block_size is \(blockSize)")
    let blocks = (depth - 1) / blockSize + 1
    let packed = try PackedNumbers(f.node, rows: columns, columns: blocks * blockSize, blockSize: blockSize)
    var weights = try f.unpacked(packed, 1, scales: 2, zeroPoints: 3)
    if packed.columns != depth {
      weights = f("Slice", weights, try f.integers([0]), try f.integers([depth]), try f.integers([1]))
    }
    let rows = shape.dropLast().reduce(1, *)
    let product = f(
      "Gemm", try f.reshape(f.input(0), [rows, depth]), weights, f.optionalInput(5), attributes: ["transB": .int(1)])
    return [try f.reshape(product, shape.dropLast() + [columns])]
  }

  /// com.microsoft MatMulBnb4: the same with 4-bit numbers of a table.
  static let matMulBnb4 = microsoft("MatMulBnb4", "T uint8 T -> T", .product) { node in
    // Not transposed, the operand is the matrix for the gradient, of N rows and K columns.
    [try node.packedProduct(isTransposed: node.flag("transB", default: true))]
  }
}

extension Inference {
  /// The shape of a product of input 0 and a packed matrix, whose sizes the attributes `K` and `N` give.
  fileprivate func packedProduct(isTransposed: Bool = true, bias: Int? = nil) throws -> [Dim] {
    let sizes = try ["K", "N"].map { name in
      let size = try requiredInt(name)
      try require(size > 0, "\(name) is \(size)")
      return Dim(size)
    }
    let (depth, columns) = isTransposed ? (sizes[0], sizes[1]) : (sizes[1], sizes[0])
    if let bias, has(bias) { try requireVector(bias, of: columns, "the bias") }
    let shape = try shape(0)
    guard let width = shape.last else { throw invalid("a scalar is no matrix") }
    try requireEqual(width, depth, "a tensor of shape \(shape) doesn't fit a matrix of \(depth) rows")
    return shape.dropLast() + [columns]
  }
}
