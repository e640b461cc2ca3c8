extension OperatorCatalogue {
  static let resampling: [OperatorDeclaration] = []
}
