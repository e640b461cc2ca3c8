import ZooCore

extension OperatorDeclaration {
  /// zoo.ProductArgMax: ArgMax of the rows of a Gemm, (rows, depth) · W + C → (rows), with a W that `transB` transposes.
  static let productArgMax = OperatorDeclaration(
    "ProductArgMax", domain: compilerDomain, types: TypeSignature("float32 float32 ?float32 -> int64").rule
  ) { node in
    try node.requireType(.float32, of: [0, 1, 2])
    let product = try node.matrixProductAndSum(a: 0, b: 1, c: nil)
    try node.require(product[1] != 0, "no column is the largest of none")
    if node.has(2), let addend = try node.shape(2, ofRank: 1, "C") {
      try node.requireEqual(addend[0], product[1], "C has one number for each column")
    }
    return [[product[0]]]
  }
}

extension Inference {
  /// Those of `indices` that the node has, and whose types are known, are of `type`.
  func requireType(_ type: ElementType, of indices: [Int]) throws {
    for index in indices where has(index) {
      guard let kind = try facts(index).kind else { continue }
      try require(kind == .tensor(type), "input \(index) is \(kind.name), not \(type.name)")
    }
  }
}
