extension OperatorDeclaration {
  /// ONNX Transpose: the dimensions in the order `perm`, or in reverse.
  static let transpose = OperatorDeclaration(
    "Transpose", [.copies, .keepsZero],
    elements: { node in
      let shape = try node.fixedShape(0)
      let order = try node.order(rank: shape.count)
      return try node.moved(0, to: order.map { shape[$0] }) { place in
        var source = place
        for (index, axis) in order.enumerated() { source[axis] = place[index] }
        return source
      }
    }, elementsOfAnyType: true
  ) { node in
    guard let shape = try node.facts(0).shape else {
      guard let order = try node.ints("perm") else { throw NotKnown() }
      return [node.unknownShape(try node.order(rank: order.count).count)]
    }
    return [try node.order(rank: shape.count).map { shape[$0] }]
  }.byRow { try $0.ints("perm")?.first == 0 ? [0] : [] }.derivative { f in
    let order = try f.node.order(rank: f.node.rank(0))
    return [f.transpose(f.gradient, order.indices.sorted { order[$0] < order[$1] })]
  }
}

extension Inference {
  fileprivate func order(rank: Int) throws -> [Int] {
    let order = try ints("perm") ?? Array((0..<rank).reversed())
    try require(order.sorted() == Array(0..<rank), "perm \(order) is no permutation of \(rank) dimensions")
    return order
  }
}
