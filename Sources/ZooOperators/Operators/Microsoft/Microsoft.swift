extension OperatorCatalogue {
  static let microsoft: [OperatorDeclaration] = []
}
