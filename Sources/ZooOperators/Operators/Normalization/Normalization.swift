extension OperatorCatalogue {
  static let normalization: [OperatorDeclaration] = [
    .batchNormalization, .layerNormalization, .instanceNormalization, .groupNormalization, .rmsNormalization,
    .lpNormalization, .meanVarianceNormalization, .lrn,
  ]
}
