extension OperatorDeclaration {
  /// ai.onnx.ml SVMClassifier: the label of the class with most votes for each row, and a score for each class or pair of
  /// classes.
  static let svmClassifier = OperatorDeclaration(
    "SVMClassifier", domain: machineLearning,
    types: { node in [.tensor(try node.classLabels().type), .tensor(.float32)] }
  ) { node in
    let rows = try node.rows().count
    return [[rows], [rows, Dim(try node.scoreCount())]]
  }
}

extension Inference {
  /// Values that come out of a support vector classifier for each row.
  fileprivate func scoreCount() throws -> Int {
    let vectors = try ints("vectors_per_class") ?? []
    try require(vectors.allSatisfy { $0 >= 0 && $0 <= 1 << 30 }, "vectors_per_class is \(vectors)")
    // Without support vectors, there is a linear score for each class.
    let isLinear = vectors.allSatisfy { $0 == 0 }
    let classes = isLinear ? try classLabels().count : vectors.count
    try require(classes > 0 && classes <= 1 << 12, "there are \(classes) classes")
    let pairs = classes * (classes - 1) / 2
    let (a, b) = (try floats("prob_a")?.count ?? 0, try floats("prob_b")?.count ?? 0)
    let hasProbabilities = a > 0 && !isLinear
    try require(
      !hasProbabilities || a == pairs && b == pairs,
      "there are \(a) and \(b) parameters of probabilities for \(pairs) pairs of classes")
    // Two classes have one machine, whose score stands for both.
    return hasProbabilities || isLinear || classes == 2 ? classes : pairs
  }
}
