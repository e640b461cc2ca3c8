extension OperatorCatalogue {
  static let reduction: [OperatorDeclaration] = []
}
