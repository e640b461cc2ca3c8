extension OperatorCatalogue {
  static let convolution: [OperatorDeclaration] = []
}
