extension OperatorCatalogue {
  static let random: [OperatorDeclaration] = []
}
