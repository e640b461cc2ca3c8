extension OperatorCatalogue {
  static let text: [OperatorDeclaration] = [
    .unary("RegexFullMatch"), .broadcasting("StringConcat"), .stringNormalizer, .stringSplit, .tfIdfVectorizer,
  ]
}
