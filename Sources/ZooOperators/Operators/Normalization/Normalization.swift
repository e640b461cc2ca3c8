extension OperatorCatalogue {
  static let normalization: [OperatorDeclaration] = []
}
