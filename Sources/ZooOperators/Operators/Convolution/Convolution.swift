extension OperatorCatalogue {
  static let convolution: [OperatorDeclaration] = [
    .conv, .convInteger, .qLinearConv, .convTranspose, .deformConv, .causalConvWithState, .maxPool, .averagePool,
    .lpPool, .globalPool("GlobalAveragePool"), .globalPool("GlobalMaxPool"), .globalLpPool, .maxUnpool, .col2Im,
  ]
}
