extension OperatorCatalogue {
  static let sequence: [OperatorDeclaration] = []
}
