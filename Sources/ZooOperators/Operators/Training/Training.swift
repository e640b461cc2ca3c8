extension OperatorCatalogue {
  static let training: [OperatorDeclaration] = [
    // Each tensor comes with its gradient and what the optimizer remembers of it.
    .optimizer("Adagrad", states: 1), .optimizer("Adam", states: 2), .optimizer("Momentum", states: 1),
    .gradient,
  ]
}
