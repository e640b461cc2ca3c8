extension OperatorCatalogue {
  static let control: [OperatorDeclaration] = []
}
