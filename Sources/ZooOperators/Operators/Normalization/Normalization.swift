import ZooCore

extension OperatorCatalogue {
  static let normalization: [OperatorDeclaration] = [
    .batchNormalization, .layerNormalization, .instanceNormalization, .groupNormalization, .rmsNormalization,
    .lpNormalization, .meanVarianceNormalization, .lrn,
  ]
}

/// Normalizations by their definitions, of which derivatives are taken.
extension FunctionBody {
  mutating func epsilon(_ type: ElementType) throws -> Value {
    try number(node.float("epsilon").map { Double($0) } ?? 1e-5, type)
  }

  /// `value` with the mean 0 and the variance 1 along axes, its mean, and the factor.
  mutating func normalized(
    _ value: Value, _ type: ElementType? = nil, axes: [Int]
  ) throws -> (normal: Value, mean: Value, scale: Value) {
    let axes = try integers(axes)
    let mean = self("ReduceMean", value, axes)
    let centred = self("Sub", value, mean)
    let variance = self("Add", self("ReduceMean", square(centred), axes), try epsilon(type ?? node.elementType(0)))
    let scale = self("Reciprocal", self("Sqrt", variance))
    return (self("Mul", centred, scale), mean, scale)
  }

  /// `value` times a scale for each extent of axis 1, and shifted so.
  mutating func scaled(_ value: Value, _ scale: Value, _ bias: Value, rank: Int) throws -> Value {
    let axes = Array(1..<max(rank - 1, 1))
    let (scale, bias) = axes.isEmpty ? (scale, bias) : (try unsqueeze(scale, axes), try unsqueeze(bias, axes))
    return self("Add", self("Mul", value, scale), bias)
  }
}
