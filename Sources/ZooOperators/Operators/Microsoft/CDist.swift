import ZooCore

extension OperatorDeclaration {
  /// com.microsoft CDist: the distance of each row of one matrix to each row of the other.
  static let cDist = microsoft("CDist", "T T -> T") { node in
    let (left, right) = (try node.shape(0, ofRank: 2, "A"), try node.shape(1, ofRank: 2, "B"))
    if let left, let right {
      try node.requireEqual(left[1], right[1], "the rows of \(left) and \(right) differ in length")
    }
    return [[left?[0] ?? .unknown(), right?[0] ?? .unknown()]]
  }.asFunction { f in
    let metric = try f.node.text("metric") ?? "sqeuclidean"
    guard ["sqeuclidean", "euclidean"].contains(metric) else {
      throw ZooError(.unsupported, "the metric \"\(metric)\" is not known")
    }
    let difference = f("Sub", try f.unsqueeze(f.input(0), [1]), try f.unsqueeze(f.input(1), [0]))
    let squares = f("ReduceSumSquare", difference, try f.integers([2]), attributes: ["keepdims": .int(0)])
    return [metric == "euclidean" ? f("Sqrt", squares) : squares]
  }
}
