extension OperatorCatalogue {
  static let signal: [OperatorDeclaration] = [
    .dft, .stft, .window("BlackmanWindow"), .window("HammingWindow"), .window("HannWindow"), .melWeightMatrix,
  ]
}
