extension OperatorCatalogue {
  static let text: [OperatorDeclaration] = []
}
