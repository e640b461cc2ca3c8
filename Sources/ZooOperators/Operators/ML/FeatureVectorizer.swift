extension OperatorDeclaration {
  /// ai.onnx.ml FeatureVectorizer: the rows of all inputs side by side, each as long as `inputdimensions` says.
  static let featureVectorizer = OperatorDeclaration("FeatureVectorizer", domain: machineLearning) { node in
    guard let lengths = try node.ints("inputdimensions") else {
      throw node.invalid("attribute inputdimensions is missing")
    }
    try node.require(
      lengths.count == node.inputs.count && lengths.allSatisfy { $0 >= 0 } && !lengths.isEmpty,
      "inputdimensions is \(lengths) for \(node.inputs.count) inputs")
    var count: Dim?
    for index in node.inputs.indices {
      guard let shape = try node.facts(index).shape else { continue }
      try node.require(!shape.isEmpty, "input \(index) is a scalar")
      let own = shape.count == 1 ? 1 : shape[0]
      if let count { try node.requireEqual(count, own, "the inputs differ in their number of rows") }
      count = count?.number == nil ? own : count
    }
    return [[count ?? .unknown(), lengths.map { Dim($0) }.reduce(0, +)]]
  }
}
