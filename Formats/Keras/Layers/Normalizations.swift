import ZooCore

extension KerasLayers {
  static let normalizations: [String: Writer] = [
    "BatchNormalization": { try $0.batchNormalization($1) },
    "SyncBatchNormalization": { try $0.batchNormalization($1) },
    "LayerNormalization": { try $0.layerNormalization($1) },
    "GroupNormalization": { try $0.groupNormalization($1) },
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

  /// Each group of channels, over all positions, by its own mean and variance (Wu and He 2018).
  fileprivate mutating func groupNormalization(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    var input = try call.input
    let axes = try settings.axes("axis", or: -1, rank: input.rank)
    guard axes.count == 1, let axis = axes.first else { return try settings.wrong("axis") }
    let channels = try call.known(input.shape[axis], "the number of channels")
    let asked = try settings.count("groups", or: 32, in: -1...1 << 30)
    let groups = asked == -1 ? channels : asked
    guard groups > 0, channels % groups == 0 else {
      throw ZooError(.badData, "\(channels) channels make no \(groups) groups")
    }
    // ONNX has the channels in the second place.
    if axis == input.rank - 1, input.rank > 2 { input = channelsFirst(input) } else { input = plain(input) }
    guard input.place(ofAxis: axis) == 1 else {
      throw ZooError(.unsupported, "group normalization of axis \(axis) of \(input.rank) can't be read")
    }
    let (hasScale, hasShift) = (try settings.bool("scale", or: true), try settings.bool("center", or: true))
    var variables = try call.variables([[Int]](repeating: [channels], count: (hasScale ? 1 : 0) + (hasShift ? 1 : 0)))
    let (batch, epsilon) = (input.shape[0], Float(try settings.number("epsilon", or: 1e-3)))
    let grouped = node(
      "Reshape", "\(call.name)/groups", [input.name, try constant("\(call.name)/grouped", [0, groups, -1])],
      shape: [batch, groups, nil])
    let ones = try constant("\(call.name)/ones", [Float](repeating: 1, count: groups), shape: [groups])
    let zeros = try constant("\(call.name)/zeros", [Float](repeating: 0, count: groups), shape: [groups])
    let normal = node(
      "InstanceNormalization", "\(call.name)/normal", [grouped.name, ones, zeros],
      [Attribute("epsilon", .float(epsilon))], like: grouped)
    let extents = node("Shape", "\(call.name)/shape", [input.name], shape: [input.rank])
    let isLast = !hasScale && !hasShift
    var output = node("Reshape", isLast ? call.name : "\(call.name)/whole", [normal.name, extents.name], like: input)
    let perChannel = [channels] + [Int](repeating: 1, count: input.rank - 2)
    for (type, name, isThere) in [("Mul", "gamma", hasScale), ("Add", "beta", hasShift)] where isThere {
      let tensor = try variables.removeFirst().reshaped(perChannel)
      let numbers = constant("\(call.name)/\(name)", tensor)
      output = node(type, variables.isEmpty ? call.name : "\(call.name)/scaled", [output.name, numbers], like: input)
    }
    return output
  }
}
