extension OperatorCatalogue {
  static let compiler: [OperatorDeclaration] = []
}
