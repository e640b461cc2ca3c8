extension OperatorCatalogue {
  static let shape: [OperatorDeclaration] = [
    .concat, .reshape, .shapeOperator,
  ]
}
