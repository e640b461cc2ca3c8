import JSON
import ZooCore

extension KerasLayers {
  static let activations: [String: Writer] = [
    "Activation": { try $0.activation($1, try $1.input, isLayer: true) },
    "ReLU": { builder, call in
      let settings = call.settings
      return try builder.rectifier(
        call.name, call.input, slope: settings.number("negative_slope", or: 0), limit: settings.number("max_value"),
        threshold: settings.number("threshold", or: 0))
    },
    "LeakyReLU": { builder, call in
      let slope = try call.settings.number("negative_slope") ?? call.settings.number("alpha", or: 0.3)
      return try builder.rectifier(call.name, call.input, slope: slope)
    },
    "ThresholdedReLU": { builder, call in
      let theta = try call.settings.number("theta", or: 1)
      return try builder.function("ThresholdedRelu", call.name, call.input, [Attribute("alpha", .float(Float(theta)))])
    },
    "ELU": { builder, call in
      let alpha = try call.settings.number("alpha", or: 1)
      return try builder.function("Elu", call.name, call.input, [Attribute("alpha", .float(Float(alpha)))])
    },
    "PReLU": { try $0.parametricRectifier($1) },
    "Softmax": { builder, call in
      let input = try call.input
      let axes = try call.settings.axes("axis", or: -1, rank: input.rank)
      guard axes.count == 1 else { throw ZooError(.unsupported, "softmax over \(axes.count) axes can't be read") }
      return builder.softmax("Softmax", call.name, input, axis: axes[0])
    },
  ]
}

extension KerasBuilder {
  /// A function of one value, element by element.
  fileprivate mutating func function(
    _ type: String, _ name: String, _ input: KerasValue, _ attributes: [Attribute] = []
  ) -> KerasValue {
    node(type, name, [input.name], attributes, like: input)
  }

  fileprivate mutating func softmax(_ type: String, _ name: String, _ input: KerasValue, axis: Int) -> KerasValue {
    node(type, name, [input.name], [Attribute("axis", .int(Int64(input.place(ofAxis: axis))))], like: input)
  }

  private mutating func scalar(_ name: String, _ value: Double) throws -> String {
    try constant(name, [Float(value)], shape: [])
  }

  private mutating func clip(
    _ name: String, _ input: KerasValue, _ range: ClosedRange<Double>
  ) throws -> KerasValue {
    let bounds = [
      try scalar("\(name)/least", range.lowerBound), try scalar("\(name)/greatest", range.upperBound),
    ]
    return node("Clip", name, [input.name] + bounds, like: input)
  }

  /// x above `threshold`, at most `limit`; below, `slope` · (x - `threshold`).
  fileprivate mutating func rectifier(
    _ name: String, _ input: KerasValue, slope: Double = 0, limit: Double? = nil, threshold: Double = 0
  ) throws -> KerasValue {
    guard limit ?? 0 >= 0 else { throw ZooError(.badData, "the limit of a rectifier is negative", at: name) }
    if threshold == 0, slope == 0 {
      guard let limit else { return function("Relu", name, input) }
      return try clip(name, input, 0...limit)
    }
    if threshold == 0, limit == nil {
      return function("LeakyRelu", name, input, [Attribute("alpha", .float(Float(slope)))])
    }
    var positive = function(
      "ThresholdedRelu", "\(name)/above", input, [Attribute("alpha", .float(Float(threshold)))])
    if let limit { positive = try clip("\(name)/limited", positive, 0...limit) }
    guard slope != 0 else { return positive }
    let distance = node(
      "Sub", "\(name)/distance", [try scalar("\(name)/threshold", threshold), input.name], like: input)
    let below = function("Relu", "\(name)/below", distance)
    let part = node("Mul", "\(name)/scaled", [below.name, try scalar("\(name)/slope", slope)], like: input)
    return node("Sub", name, [positive.name, part.name], like: input)
  }

  fileprivate mutating func parametricRectifier(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try call.input
    let shared = call.settings.has("shared_axes") ? try call.settings.axes("shared_axes", or: 1, rank: input.rank) : []
    let shape = try (1..<input.rank).map { axis in
      shared.contains(axis) ? 1 : try call.known(input.shape[axis], "an extent")
    }
    var slope = try call.variables([shape])[0]
    // The slope lies as the value does; such a constant of one layer serves all its calls.
    var name = "\(call.name)/alpha"
    if input.isChannelsFirst {
      slope = try slope.permuted([shape.count - 1] + Array(0..<shape.count - 1))
      name += "/channels_first"
    }
    return node("PRelu", call.name, [input.name, constant(name, slope)], like: input)
  }

  /// The function that a layer's `activation` names.
  ///
  /// - Parameter isLayer: Whether the layer is nothing else.
  mutating func activation(_ call: KerasLayerCall, _ input: KerasValue, isLayer: Bool = false) throws -> KerasValue {
    guard let setting = call.settings.value("activation") else { return input }
    let name = isLayer ? call.name : "\(call.name)/activation"
    if let known = setting.text { return try activation(known, name, input) }
    // Keras 3 writes functions as objects that name them, and layers can be activations too.
    if let known = setting["config"]?.text { return try activation(known, name, input) }
    guard let className = setting["class_name"]?.text, let config = setting["config"] else {
      return try call.settings.wrong("activation")
    }
    guard className != "function", let writer = KerasLayers.activations[className], className != "Activation",
      className != "PReLU"
    else { return try refuse(className, name) }
    return try writer(
      &self,
      KerasLayerCall(
        layer: call.layer, name: name, arguments: KerasArguments(operands: [.value(input)]),
        settings: KerasSettings(config: config, place: className), variables: [], path: call.path, models: call.models))
  }

  private func refuse(_ function: String, _ place: String) throws -> KerasValue {
    throw ZooError(
      .unsupported, "the activation \(function) can't be read", at: place,
      advice: "use one of those that Keras names: relu, gelu, swish, …")
  }

  private mutating func activation(_ known: String, _ name: String, _ input: KerasValue) throws -> KerasValue {
    func alpha(_ value: Double) -> [Attribute] { [Attribute("alpha", .float(Float(value)))] }
    switch known {
    case "linear": return input
    case "relu": return function("Relu", name, input)
    case "relu6": return try rectifier(name, input, limit: 6)
    case "leaky_relu": return try rectifier(name, input, slope: 0.2)
    case "elu": return function("Elu", name, input, alpha(1))
    case "celu": return function("Celu", name, input, alpha(1))
    case "selu": return function("Selu", name, input)
    case "gelu": return function("Gelu", name, input)
    case "sigmoid": return function("Sigmoid", name, input)
    case "tanh": return function("Tanh", name, input)
    case "exponential": return function("Exp", name, input)
    case "softplus": return function("Softplus", name, input)
    case "softsign": return function("Softsign", name, input)
    case "mish": return function("Mish", name, input)
    case "hard_silu", "hard_swish": return function("HardSwish", name, input)
    case "hard_tanh": return try clip(name, input, -1...1)
    case "hard_sigmoid":
      // relu6(x + 3) / 6 from Keras 3 on, before it max(0, min(1, 0.2 · x + 0.5)).
      return function(
        "HardSigmoid", name, input, alpha(version >= 3 ? 1.0 / 6 : 0.2) + [Attribute("beta", .float(0.5))])
    case "silu", "swish":
      let gate = function("Sigmoid", "\(name)/gate", input)
      return node("Mul", name, [input.name, gate.name], like: input)
    case "softmax", "log_softmax":
      return softmax(known == "softmax" ? "Softmax" : "LogSoftmax", name, input, axis: input.rank - 1)
    case "log_sigmoid":
      let negative = function("Neg", "\(name)/negative", input)
      let softplus = function("Softplus", "\(name)/softplus", negative)
      return function("Neg", name, softplus)
    case "tanh_shrink":
      let tanh = function("Tanh", "\(name)/tanh", input)
      return node("Sub", name, [input.name, tanh.name], like: input)
    default: return try refuse(known, name)
    }
  }
}
