import ZooCore

extension KerasLayers {
  static let masks: [String: Writer] = [
    "Masking": { try $0.masking($1) },
    // Operations by which Keras 3 writes out what masks are made of.
    "NotEqual": { try $0.inequality($1) },
    "Any": { try $0.any($1) },
    "LogicalOr": { try $0.logical($1, "Or") },
    "LogicalAnd": { try $0.logical($1, "And") },
  ]

  /// Layers behind which the same steps count as before them (Keras' `supports_masking`).
  fileprivate static let maskKeepers: Set<String> = [
    "Dense", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Softmax", "BatchNormalization",
    "SyncBatchNormalization", "LayerNormalization", "GroupNormalization", "Rescaling", "Normalization", "Dropout",
    "SpatialDropout1D", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "Identity",
    "TimeDistributed",
  ]
  fileprivate static let merging: Set<String> = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
}

extension KerasBuilder {
  /// Steps of which all elements have a given value don't count, and become zeros.
  fileprivate mutating func masking(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try plain(call.input)
    guard input.rank >= 3 else { throw ZooError(.unsupported, "masking of \(input.rank) axes can't be read") }
    let value = try constant("\(call.name)/value", [Float(call.settings.number("mask_value", or: 0))], shape: [])
    let equal = node("Equal", "\(call.name)/equal", [input.name, value], like: input)
    let other = node("Not", "\(call.name)/other", [equal.name], like: input)
    let counts = try anyOfLast("\(call.name)/counts", other, keepsAxis: true)
    var output = node(
      "Where", call.name, [counts.name, input.name, try constant("\(call.name)/zero", [0], shape: [])], like: input)
    output.mask =
      node(
        "Squeeze", "\(call.name)/mask", [counts.name, try constant("\(call.name)/last", [-1])],
        shape: Array(input.shape.dropLast())
      ).name
    return output
  }

  /// Whether any of the last axis is true.
  private mutating func anyOfLast(_ name: String, _ truth: KerasValue, keepsAxis: Bool) throws -> KerasValue {
    let numbers = node("Cast", "\(name)/numbers", [truth.name], [Attribute("to", .int(1))], like: truth)
    let shape = Array(truth.shape.dropLast()) + (keepsAxis ? [1] : [])
    let greatest = node(
      "ReduceMax", "\(name)/greatest", [numbers.name, try constant("\(name)/axes", [-1])],
      [Attribute("keepdims", .int(keepsAxis ? 1 : 0))], shape: shape)
    return node("Cast", name, [greatest.name], [Attribute("to", .int(9))], like: greatest)
  }

  fileprivate mutating func inequality(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try plain(call.input)
    guard call.operands.count == 2, case .number(let number) = call.operands[1] else {
      throw ZooError(.unsupported, "only comparisons with a number can be read")
    }
    let other = try constant("\(call.name)/number", [Float(number)], shape: [])
    let equal = node("Equal", "\(call.name)/equal", [input.name, other], like: input)
    return node("Not", call.name, [equal.name], like: input)
  }

  fileprivate mutating func any(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try plain(call.input)
    let axes = try call.settings.axes("axis", or: -1, rank: input.rank)
    guard axes == [input.rank - 1] else { throw ZooError(.unsupported, "only the last axis can be looked through") }
    return try anyOfLast(call.name, input, keepsAxis: call.settings.bool("keepdims", or: false))
  }

  fileprivate mutating func logical(_ call: KerasLayerCall, _ type: String) throws -> KerasValue {
    let values = call.values
    guard values.count == 2, values[0].rank == values[1].rank else {
      throw ZooError(.unsupported, "the operation is called with other than two values of one rank")
    }
    return node(type, call.name, [try truth(values[0], call).name, try truth(values[1], call).name], like: values[0])
  }

  /// The value as truth values, which inputs of the model are not.
  private mutating func truth(_ value: KerasValue, _ call: KerasLayerCall) throws -> KerasValue {
    node("Cast", "\(call.name)/truth", [plain(value).name], [Attribute("to", .int(9))], like: plain(value))
  }

  /// The mask that a layer goes by: the one of its call, or that of its input.
  mutating func mask(for call: KerasLayerCall) throws -> String? {
    guard let given = call.arguments.mask else { return try call.input.mask }
    return try truth(given, call).name
  }

  /// Which steps of a layer's output count.
  mutating func mask(of output: KerasValue, after call: KerasLayerCall) throws -> String? {
    let name = call.layer.className
    switch name {
    case "Masking", "Embedding", "MultiHeadAttention": return output.mask
    case "Softmax" where try call.input.mask != nil:
      throw ZooError(.unsupported, "a softmax of masked values can't be read")
    case _ where KerasLayers.maskKeepers.contains(name): return try mask(for: call)
    case _ where KerasCell(rawValue: name) != nil || name == "Bidirectional":
      let cell = name == "Bidirectional" ? call.settings.config["layer"]?["config"] : call.settings.config
      return cell?["return_sequences"]?.bool == true ? try mask(for: call) : nil
    case _ where KerasLayers.merging.contains(name): return joinedMask(call)
    case "Concatenate" where call.values.contains { $0.mask != nil }:
      guard try call.settings.axes("axis", or: -1, rank: output.rank) == [output.rank - 1] else {
        throw ZooError(.unsupported, "masked values can't be put one after another along their steps")
      }
      return joinedMask(call)
    default: return nil
    }
  }

  /// Steps that count in any of the values; all do where one value has no mask.
  private mutating func joinedMask(_ call: KerasLayerCall) -> String? {
    let masks = call.values.map(\.mask)
    guard var joined = masks.first ?? nil, !masks.contains(nil) else { return nil }
    for (number, mask) in masks.compactMap({ $0 }).enumerated().dropFirst() where mask != joined {
      joined = node("Or", "\(call.name)/mask_\(number)", [joined, mask], shape: []).name
    }
    return joined
  }
}
