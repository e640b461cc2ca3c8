extension OperatorCatalogue {
  static let recurrent: [OperatorDeclaration] = []
}
