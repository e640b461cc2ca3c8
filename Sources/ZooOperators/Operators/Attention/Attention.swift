extension OperatorCatalogue {
  static let attention: [OperatorDeclaration] = [
    .attention, .flexAttention, .linearAttention, .rotaryEmbedding,
  ]
}
