extension OperatorCatalogue {
  static let quantization: [OperatorDeclaration] = []
}
