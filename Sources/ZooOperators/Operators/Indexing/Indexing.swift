extension OperatorCatalogue {
  static let indexing: [OperatorDeclaration] = [
    .gather
  ]
}
