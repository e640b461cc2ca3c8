extension OperatorCatalogue {
  static let linear: [OperatorDeclaration] = [
    .det, .einsum, .gemm, .matMul,
  ]
}
