import ZooCore

extension KerasLayers {
  static let normalizations: [String: Writer] = [
    "BatchNormalization": { try $0.batchNormalization($1) },
    "SyncBatchNormalization": { try $0.batchNormalization($1) },
    "LayerNormalization": { try $0.layerNormalization($1) },
  ]
}

extension KerasBuilder {
  fileprivate mutating func batchNormalization(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    var input = try call.input
    let axes = try settings.axes("axis", or: -1, rank: input.rank)
    guard axes.count == 1, let axis = axes.first else {
      throw ZooError(.unsupported, "batch normalization over \(axes.count) axes can't be read")
    }
    let channels = try call.known(input.shape[axis], "the number of channels")
    // ONNX has the channels in the second place.
    if axis == input.rank - 1, input.rank > 2 { input = channelsFirst(input) } else { input = plain(input) }
    guard input.place(ofAxis: axis) == 1 else {
      throw ZooError(.unsupported, "batch normalization of axis \(axis) of \(input.rank) can't be read")
    }
    let (hasScale, hasShift) = (try settings.bool("scale", or: true), try settings.bool("center", or: true))
    let count = (hasScale ? 1 : 0) + (hasShift ? 1 : 0) + 2
    var variables = try call.variables([[Int]](repeating: [channels], count: count))
    func filled(_ value: Float) throws -> StoredTensor {
      StoredTensor(try Tensor([Float](repeating: value, count: channels), shape: [channels]))
    }
    let scale = try hasScale ? variables.removeFirst() : filled(1)
    let shift = try hasShift ? variables.removeFirst() : filled(0)
    let inputs = [
      input.name, constant("\(call.name)/gamma", scale), constant("\(call.name)/beta", shift),
      constant("\(call.name)/moving_mean", variables[0]), constant("\(call.name)/moving_variance", variables[1]),
    ]
    let epsilon = Float(try settings.number("epsilon", or: 1e-3))
    return node("BatchNormalization", call.name, inputs, [Attribute("epsilon", .float(epsilon))], like: input)
  }

  fileprivate mutating func layerNormalization(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    let input = try plain(call.input)
    let axes = try settings.axes("axis", or: -1, rank: input.rank).sorted()
    guard let first = axes.first, axes == Array(first..<input.rank), try !settings.bool("rms_scaling", or: false) else {
      throw ZooError(.unsupported, "only normalization over the last axes, with their mean, can be read")
    }
    let shape = try input.shape[first...].map { try call.known($0, "an extent") }
    let (hasScale, hasShift) = (try settings.bool("scale", or: true), try settings.bool("center", or: true))
    var variables = try call.variables([[Int]](repeating: shape, count: (hasScale ? 1 : 0) + (hasShift ? 1 : 0)))
    let ones = [Float](repeating: 1, count: hasScale ? 0 : shape.reduce(1, *))
    let scale = try hasScale ? variables.removeFirst() : StoredTensor(Tensor(ones, shape: shape))
    var inputs = [input.name, constant("\(call.name)/gamma", scale)]
    if hasShift { inputs.append(constant("\(call.name)/beta", variables[0])) }
    let epsilon = Float(try settings.number("epsilon", or: 1e-3))
    return node(
      "LayerNormalization", call.name, inputs,
      [Attribute("axis", .int(Int64(first - input.rank))), Attribute("epsilon", .float(epsilon))], like: input)
  }
}
