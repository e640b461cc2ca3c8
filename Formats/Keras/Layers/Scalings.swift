import ZooCore
import ZooNumbers

extension KerasLayers {
  static let scalings: [String: Writer] = [
    "Rescaling": { try $0.rescaling($1) },
    "Normalization": { try $0.normalization($1) },
    "LayerScale": { try $0.layerScale($1) },
  ]
}

extension KerasBuilder {
  /// A constant with one number for all, or one for each position of `axis`.
  private mutating func constant(
    _ name: String, _ numbers: [Double], along axis: Int, of value: KerasValue
  ) throws -> String {
    guard numbers.count > 1 else { return try constant(name, numbers.map(Float.init), shape: []) }
    guard value.shape[axis] ?? numbers.count == numbers.count else {
      throw ZooError(.badData, "\(numbers.count) numbers are given for \(value.shape[axis] ?? 0) channels")
    }
    let behind = value.rank - 1 - value.place(ofAxis: axis)
    return try constant(
      name + (value.isChannelsFirst ? "/channels_first" : ""), numbers.map(Float.init),
      shape: [numbers.count] + [Int](repeating: 1, count: behind))
  }

  /// x · scale + offset.
  fileprivate mutating func rescaling(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try call.input
    let scale = try constant(
      "\(call.name)/scale", call.settings.numbers("scale"), along: input.rank - 1, of: input)
    let offsets = call.settings.has("offset") ? try call.settings.numbers("offset") : [0]
    guard offsets.contains(where: { $0 != 0 }) else { return node("Mul", call.name, [input.name, scale], like: input) }
    let offset = try constant("\(call.name)/offset", offsets, along: input.rank - 1, of: input)
    let scaled = node("Mul", "\(call.name)/scaled", [input.name, scale], like: input)
    return node("Add", call.name, [scaled.name, offset], like: input)
  }

  /// x · a learned number for each channel (ConvNeXt's, of keras.applications).
  fileprivate mutating func layerScale(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try call.input
    let numbers = try call.variables([[call.settings.count("projection_dim")]])[0].load().elements(Float.self)
    let scale = try constant("\(call.name)/scale", numbers.map(Double.init), along: input.rank - 1, of: input)
    return node("Mul", call.name, [input.name, scale], like: input)
  }

  /// (x - mean) / √variance.
  fileprivate mutating func normalization(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    let input = try call.input
    let axes = settings.has("axis") ? try settings.axes("axis", or: -1, rank: input.rank) : []
    guard axes.count <= 1 else {
      throw ZooError(.unsupported, "normalization along \(axes.count) axes can't be read")
    }
    let axis = axes.first ?? input.rank - 1
    let mean: [Double]
    let variance: [Double]
    if settings.has("mean") {
      (mean, variance) = (try settings.numbers("mean"), try settings.numbers("variance"))
    } else {
      // The third counts what the two were measured on.
      let stored = call.variables.prefix(2)
      let numbers = try stored.map { item -> [Double] in
        guard item.tensor.shape.reduce(1, *) <= 1 << 24 else { throw ZooError(.badData, "\(item.name) is too large") }
        let tensor = try (item.tensor.asFloat32() ?? item.tensor).load()
        return try tensor.elements(Float.self).map(Double.init)
      }
      guard numbers.count == 2 else {
        throw ZooError(.badData, "the file has \(call.variables.count) weights of the layer, which has 3")
      }
      (mean, variance) = (numbers[0], numbers[1])
    }
    guard mean.count == variance.count, !mean.isEmpty, axes.count == 1 || mean.count == 1 else {
      throw ZooError(.badData, "there are \(mean.count) means and \(variance.count) variances")
    }
    // Keras' own bound.
    let deviation = variance.map { max($0.squareRoot(), 1e-7) }
    let means = try constant("\(call.name)/mean", mean, along: axis, of: input)
    let deviations = try constant("\(call.name)/deviation", deviation, along: axis, of: input)
    let isInverse = try settings.bool("invert", or: false)
    let middle = node(
      isInverse ? "Mul" : "Sub", "\(call.name)/middle", [input.name, isInverse ? deviations : means], like: input)
    return node(isInverse ? "Add" : "Div", call.name, [middle.name, isInverse ? means : deviations], like: input)
  }
}
