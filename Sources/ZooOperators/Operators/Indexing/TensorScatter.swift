extension OperatorDeclaration {
  /// ONNX TensorScatter: new keys or values of each sample in its cache, from a place of its own on.
  static let tensorScatter = OperatorDeclaration("TensorScatter", [.copies, .keepsZero]) { node in
    let mode = try node.text("mode") ?? "linear"
    try node.require(["linear", "circular"].contains(mode), "mode has to be linear or circular, not \(mode)")
    let cache = try node.shape(0)
    let axis = try node.axis(default: -2, rank: cache.count)
    try node.require(axis > 0, "axis 0 counts samples, which have a cache each")
    if let update = node.knownShape(1) {
      let message = "an update of shape \(update) doesn't fit a cache of shape \(cache)"
      try node.require(update.count == cache.count, message)
      for index in cache.indices where index != axis { try node.requireEqual(update[index], cache[index], message) }
    }
    if let starts = node.knownShape(2) {
      try node.require(starts.count == 1, "write_indices have the shape \(starts), they should have [\(cache[0])]")
      try node.requireEqual(starts[0], cache[0], "write_indices are not one a sample")
    }
    return [cache]
  }
}
