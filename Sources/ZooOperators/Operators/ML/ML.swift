extension OperatorCatalogue {
  static let ml: [OperatorDeclaration] = []
}
