import ZooCore

/// What is written for each class of layers.
enum KerasLayers {
  typealias Writer = @Sendable (inout KerasBuilder, KerasLayerCall) throws -> KerasValue

  static let all: [String: Writer] = {
    var all: [String: Writer] = [:]
    for group in [
      convolutions, poolings, dense, normalizations, activations, merges, recurrent, resizings, shapes, scalings,
      attention, masks, steps,
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
  /// - Throws: `ZooError` (`unsupported`) for a class that is not known.
  static func writer(of layer: KerasLayer, _ name: String) throws -> Writer {
    if let writer = all[layer.className] { return writer }
    let isCode = ["Lambda", "TFOpLambda", "SlicingOpLambda"].contains(layer.className)
    throw ZooError(
      .unsupported, "layers of the class \(layer.className) can't be read", at: "layer \"\(name)\"",
      advice: isCode
        ? "its code is never run; build the model with layers of Keras in its place"
        : "replace it by layers of the usual kinds, or export the model to ONNX")
  }

  /// Finds a layer that can't be read before anything is said of its weights.
  static func check(_ model: KerasModel, in path: String = "") throws {
    for layer in model.layers { try check(layer, "\(path)\(layer.name)") }
  }

  private static func check(_ layer: KerasLayer, _ name: String) throws {
    if let model = layer.model { return try check(model, in: "\(name)/") }
    _ = try writer(of: layer, name)
    if let inner = layer.inner { try check(inner, "\(name)/\(inner.name)") }
  }
}
