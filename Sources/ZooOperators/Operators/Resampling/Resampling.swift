extension OperatorCatalogue {
  static let resampling: [OperatorDeclaration] = [.resize, .upsample, .gridSample, .affineGrid]
}
