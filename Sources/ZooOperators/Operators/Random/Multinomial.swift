import ZooCore

extension OperatorDeclaration {
  /// ONNX Multinomial: classes drawn by logarithms of unnormalised probabilities.
  static let multinomial = OperatorDeclaration(
    "Multinomial", .random,
    types: { node in
      let type = try node.elementType("dtype") ?? .int32
      try node.require(type == .int32 || type == .int64, "samples are int32 or int64, not \(type.name)")
      return [.tensor(type)]
    }
  ) { node in
    let samples = try node.int("sample_size", default: 1)
    try node.require(samples >= 0, "sample_size is \(samples)")
    guard let shape = try node.facts(0).shape else { return [[.unknown(), Dim(samples)]] }
    try node.require(
      shape.count == 2 && shape[1] != 0, "the input has the shape \(shape), not [N, classes]")
    return [[shape[0], Dim(samples)]]
  }
}
