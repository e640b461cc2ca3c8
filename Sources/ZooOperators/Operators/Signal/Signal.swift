extension OperatorCatalogue {
  static let signal: [OperatorDeclaration] = []
}
