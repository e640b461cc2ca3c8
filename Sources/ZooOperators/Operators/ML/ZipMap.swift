import ZooCore

extension OperatorDeclaration {
  /// ai.onnx.ml ZipMap: each row of a matrix as a map from labels to its columns.
  static let zipMap = OperatorDeclaration(
    "ZipMap", domain: machineLearning,
    types: { node in
      let labels = try node.classLabels(ints: "classlabels_int64s")
      if let type = try node.facts(0).kind {
        try node.require(type == .tensor(.float32), "the input is \(type.name), not float32")
      }
      if let shape = try node.facts(0).shape {
        try node.require(
          (1...2).contains(shape.count) && shape[shape.count - 1].equals(Dim(labels.count)) != false,
          "\(labels.count) labels don't go with an input of shape \(shape)")
      }
      return [.sequence(.map(key: labels.type, value: .tensor(.float32)))]
    }
  ) { _ in [nil] }
}
