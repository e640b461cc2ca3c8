extension OperatorCatalogue {
  static let vision: [OperatorDeclaration] = [
    .roiAlign, .maxRoiPool, .nonMaxSuppression, .imageDecoder, .selectiveSearch, .expandBoxes, .applyBoxRegression,
    .classNonMaxSuppression,
  ]
}

/// The domain of the operators that ONNX does not have.
let visionDomain = "zoo.vision"
