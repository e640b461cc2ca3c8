extension OperatorDeclaration {
  /// ai.onnx.ml Scaler: less an offset, times a scale, for each feature or with one of them for all.
  static let scaler = OperatorDeclaration("Scaler", domain: machineLearning) { node in
    let features = try node.rows().features
    for name in ["offset", "scale"] {
      let count = try node.floats(name)?.count ?? 0
      try node.require(
        count == 1 || count > 0 && features.equals(Dim(count)) != false,
        "attribute \(name) holds \(count) numbers for \(features) features")
    }
    return [try node.shape(0)]
  }
}
