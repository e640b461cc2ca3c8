import ZooCore

extension OperatorDeclaration {
  /// ai.onnx.ml CategoryMapper: texts to their numbers, and numbers to their texts.
  static let categoryMapper = OperatorDeclaration(
    "CategoryMapper", domain: machineLearning, .elementwise,
    types: { node in [.tensor(try node.elementType(0) == .string ? .int64 : .string)] }
  ) { node in
    let (numbers, texts) = (try node.ints("cats_int64s") ?? [], try node.texts("cats_strings") ?? [])
    try node.require(numbers.count == texts.count, "there are \(numbers.count) numbers for \(texts.count) texts")
    return [try node.shape(0)]
  }
}
