extension OperatorCatalogue {
  static let vision: [OperatorDeclaration] = []
}
