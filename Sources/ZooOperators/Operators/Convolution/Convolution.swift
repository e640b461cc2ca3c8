extension OperatorCatalogue {
  static let convolution: [OperatorDeclaration] = [
    .conv, .convInteger, .qLinearConv, .convTranspose, .deformConv, .causalConvWithState, .maxPool, .averagePool,
    .lpPool,
    .globalPool("GlobalAveragePool").differentiated { f in [try f.overPositions("ReduceMean")] },
    .globalPool("GlobalMaxPool").differentiated { f in [try f.overPositions("ReduceMax")] },
    .globalLpPool, .maxUnpool, .col2Im,
  ]
}
