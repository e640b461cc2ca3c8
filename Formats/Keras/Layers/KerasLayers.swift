/// What is written for each class of layers.
enum KerasLayers {
  typealias Writer = @Sendable (inout KerasBuilder, KerasLayerCall) throws -> KerasValue

  static let all: [String: Writer] = {
    var all: [String: Writer] = [:]
    for group in [
      convolutions, poolings, dense, normalizations, activations, merges, recurrent, resizings, shapes, scalings,
    ] {
      all.merge(group) { $1 }
    }
    // Layers that do something in training only.
    for name in [
      "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise", "GaussianDropout",
      "AlphaDropout", "ActivityRegularization", "Identity", "RandomFlip", "RandomRotation", "RandomZoom",
      "RandomTranslation", "RandomContrast", "RandomBrightness", "StochasticDepth", "InputLayer",
    ] { all[name] = { _, call in try call.input } }
    return all
  }()
}
