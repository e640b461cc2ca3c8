extension OperatorCatalogue {
  static let linear: [OperatorDeclaration] = []
}
