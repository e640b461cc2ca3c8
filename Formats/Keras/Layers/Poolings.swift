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
      type, call.name, [source.name], window.attributes(spatial), shape: input.shape(extents, channels, format),
      isChannelsFirst: source.isChannelsFirst)
  }

  fileprivate mutating func globalPooling(_ call: KerasLayerCall, axes: Int, _ type: String) throws -> KerasValue {
    let format = try call.settings.dataFormat
    let input = try call.picture(axes: axes)
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
}
