extension OperatorCatalogue {
  static let random: [OperatorDeclaration] = [
    .bernoulli, .multinomial, .randomTensor("RandomNormal"), .randomTensor("RandomUniform"),
    .randomLike("RandomNormalLike"), .randomLike("RandomUniformLike"),
  ]
}
