import ZooCore

extension KerasLayers {
  static let poolings: [String: Writer] = {
    var all: [String: Writer] = [:]
    for axes in 1...3 {
      for (kind, type) in [("Max", "MaxPool"), ("Average", "AveragePool")] {
        all["\(kind)Pooling\(axes)D"] = { try $0.pooling($1, axes: axes, type) }
        all["Global\(kind)Pooling\(axes)D"] = { try $0.globalPooling($1, axes: axes, "Global\(type)") }
      }
    }
    return all
  }()
}

extension KerasBuilder {
  fileprivate mutating func pooling(_ call: KerasLayerCall, axes: Int, _ type: String) throws -> KerasValue {
    let settings = call.settings
    let format = try settings.dataFormat
    let input = try call.picture(axes: axes)
    let size = try settings.counts("pool_size", axes: axes, or: [Int](repeating: 2, count: axes))
    var window = try KerasWindow(
      settings, kernel: size, strides: settings.counts("strides", axes: axes, or: size),
      dilations: [Int](repeating: 1, count: axes))
    let source = picture(input, format)
    let (spatial, channels) = input.picture(format)
    let extents = try window.output(of: spatial)
    return node(
      type, call.name, [source.name], window.axes.attributes, shape: input.shape(extents, channels, format),
      isChannelsFirst: source.isChannelsFirst)
  }

  fileprivate mutating func globalPooling(_ call: KerasLayerCall, axes: Int, _ type: String) throws -> KerasValue {
    let format = try call.settings.dataFormat
    let input = try call.picture(axes: axes)
    if axes == 1, type == "GlobalAveragePool", let mask = try mask(for: call) {
      return try maskedMean(call, input, mask, format)
    }
    let source = picture(input, format)
    let channels = input.picture(format).channels
    let ones = [Int?](repeating: 1, count: axes)
    let keeps = try call.settings.bool("keepdims", or: false)
    let pooled = node(
      type, keeps ? call.name : "\(call.name)/pool", [source.name], shape: input.shape(ones, channels, format),
      isChannelsFirst: source.isChannelsFirst)
    if keeps { return pooled }
    return node("Flatten", call.name, [pooled.name], [Attribute("axis", .int(1))], shape: [input.shape[0], channels])
  }

  /// The mean of the steps that count.
  private mutating func maskedMean(
    _ call: KerasLayerCall, _ input: KerasValue, _ mask: String, _ format: KerasDataFormat
  ) throws -> KerasValue {
    let input = plain(input)
    let (steps, features) = format == .channelsLast ? (1, 2) : (2, 1)
    let keeps = try call.settings.bool("keepdims", or: false)
    let shape = keeps ? input.shape.enumerated().map { $0 == steps ? 1 : $1 } : [input.shape[0], input.shape[features]]
    let wide = node(
      "Unsqueeze", "\(call.name)/mask", [mask, try constant("\(call.name)/mask_axes", [features])], shape: [])
    let zero = try constant("\(call.name)/zero", [0], shape: [])
    let shown = node("Where", "\(call.name)/shown", [wide.name, input.name, zero], like: input)
    let ones = node("Cast", "\(call.name)/ones", [wide.name], [Attribute("to", .int(1))], shape: [])
    let axes = try constant("\(call.name)/axes", [steps])
    let keepsAxis = [Attribute("keepdims", .int(keeps ? 1 : 0))]
    let sum = node("ReduceSum", "\(call.name)/sum", [shown.name, axes], keepsAxis, shape: shape)
    let count = node("ReduceSum", "\(call.name)/count", [ones.name, axes], keepsAxis, shape: [])
    return node("Div", call.name, [sum.name, count.name], shape: shape)
  }
}
