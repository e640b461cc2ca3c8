import ZooRuntime

extension ModelDefinition {
  /// How many classes the network's first output tells apart, which labels are to name: as its shape says or, where it does
  /// not, as many as the network gives for a black photograph. `nil` for a network that does not
  /// classify, and for one that says neither that nor how a photograph becomes its input.
  ///
  /// - Throws: `ZooError`, where the network has to be run and can't be.
  package func classCount() throws -> Int? {
    guard [.none, .imageClassification].contains(metadata.task), let output = graph.outputs.first else { return nil }
    if case .tensor(_, let shape?)? = output.type?.form {
      let extents = shape.dropFirst().map { if case .fixed(let extent) = $0.extent { Int(extent) } else { 0 } }
      let (count, overflow) = extents.reduce((1, false)) { product, extent in
        let (count, overflow) = product.0.multipliedReportingOverflow(by: extent)
        return (count, product.1 || overflow)
      }
      guard !extents.isEmpty else { return nil }
      if extents.allSatisfy({ $0 > 0 }), !overflow { return count }
    }
    guard metadata.image != nil else { return nil }
    var unlabelled = self
    unlabelled.metadata.labels = []
    unlabelled.metadata.task = .imageClassification
    let black = try Image(width: 8, height: 8, pixels: [UInt8](repeating: 0, count: 8 * 8 * 3))
    return try ImageClassifier(Model(unlabelled)).scores(of: [.image(black)]).first?.count
  }
}
