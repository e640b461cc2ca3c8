extension OperatorCatalogue {
  static let attention: [OperatorDeclaration] = []
}
