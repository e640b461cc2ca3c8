import GraphWriter
import ZooCore
import ZooOperators

extension KerasLayers {
  static let convolutions: [String: Writer] = {
    var all: [String: Writer] = [:]
    for axes in 1...3 {
      all["Conv\(axes)D"] = { try $0.convolution($1, axes: axes, kind: .full) }
      all["Convolution\(axes)D"] = all["Conv\(axes)D"]
      all["Conv\(axes)DTranspose"] = { try $0.transposedConvolution($1, axes: axes) }
      all["DepthwiseConv\(axes)D"] = { try $0.convolution($1, axes: axes, kind: .depthwise) }
      all["SeparableConv\(axes)D"] = { try $0.convolution($1, axes: axes, kind: .separable) }
    }
    all["AtrousConvolution2D"] = all["Conv2D"]
    all["SeparableConvolution2D"] = all["SeparableConv2D"]
    all["Deconvolution2D"] = all["Conv2DTranspose"]
    return all
  }()
}

/// How a window moves over a picture.
struct KerasWindow {
  var axes: [WindowAxis]
  let padding: Padding

  enum Padding: String {
    case valid, same, causal
  }

  init(
    _ settings: KerasSettings, kernel: [Int], strides: [Int], dilations: [Int], allowsCausal: Bool = false
  ) throws {
    guard let padding = Padding(rawValue: try settings.text("padding", or: "valid").lowercased()),
      allowsCausal || padding != .causal
    else { throw ZooError(.badData, "the padding is none that Keras has", at: settings.place) }
    self.padding = padding
    axes = kernel.indices.map {
      WindowAxis(
        kernel: Dim(kernel[$0]), stride: strides[$0], dilation: dilations[$0], padding: padding == .same ? .same : .none
      )
    }
    if padding == .causal { axes[0].padding = .explicit(before: axes[0].end(of: 1) - 1, after: 0) }
  }

  /// The output's extents, and with them the padding, if those of the input are known.
  mutating func output(of input: [Int?]) throws -> [Int?] {
    let output = try zip(axes, input).map { axis, extent in try extent.map(axis.count) }
    let known = input.compactMap(\.self)
    if known.count == input.count { axes = zip(axes, known).map { $0.padded(on: $1) } }
    return output
  }
}

private enum ConvolutionKind {
  case full, depthwise, separable
}

extension KerasValue {
  /// The extents of the axes between batch and channels, and how many channels there are.
  func picture(_ format: KerasDataFormat) -> (spatial: [Int?], channels: Int?) {
    format == .channelsLast
      ? (Array(shape[1..<rank - 1]), shape[rank - 1]) : (Array(shape[2...]), shape[1])
  }

  /// The shape with other extents and channels.
  func shape(_ spatial: [Int?], _ channels: Int?, _ format: KerasDataFormat) -> [Int?] {
    format == .channelsLast ? [shape[0]] + spatial + [channels] : [shape[0], channels] + spatial
  }
}

extension KerasLayerCall {
  /// The input, which has to have that many axes between batch and channels.
  func picture(axes: Int) throws -> KerasValue {
    let value = try input
    guard value.rank == axes + 2 else {
      throw ZooError(.badData, "the layer takes \(axes + 2) axes, but its input has \(value.rank)")
    }
    return value
  }
}

extension KerasBuilder {
  fileprivate mutating func convolution(
    _ call: KerasLayerCall, axes: Int, kind: ConvolutionKind
  ) throws -> KerasValue {
    let settings = call.settings
    let format = try settings.dataFormat
    let input = try call.picture(axes: axes)
    let ones = [Int](repeating: 1, count: axes)
    let kernel = try settings.counts("kernel_size", axes: axes)
    var window = try KerasWindow(
      settings, kernel: kernel, strides: settings.counts("strides", axes: axes, or: ones),
      dilations: settings.counts("dilation_rate", axes: axes, or: ones), allowsCausal: axes == 1)
    let channels = try call.known(input.picture(format).channels, "the number of channels")
    let hasBias = try settings.bool("use_bias", or: true)
    let bias: (Int) -> [[Int]] = { hasBias ? [[$0]] : [] }
    // Keras has kernels as (height, width, inputs, outputs), ONNX as (outputs, inputs, height, width).
    let outputsFirst = [axes + 1, axes] + Array(0..<axes)
    let inputsFirst = [axes, axes + 1] + Array(0..<axes)
    switch kind {
    case .full:
      let filters = try settings.count("filters")
      let groups = try settings.count("groups", or: 1)
      guard channels % groups == 0 else {
        throw ZooError(.badData, "\(channels) channels can't be \(groups) groups")
      }
      // Theano's order of axes, in the oldest files.
      let isOld = version == 1 && call.variables.first?.tensor.shape == [filters, channels / groups] + kernel
      let shape = isOld ? [filters, channels / groups] + kernel : kernel + [channels / groups, filters]
      let variables = try call.variables([shape] + bias(filters))
      let weight = try isOld ? variables[0] : variables[0].permuted(outputsFirst)
      let output = try convolution(
        call.name, input, &window, format, weight: ("kernel", weight), bias: hasBias ? variables[1] : nil,
        groups: groups)
      return try activation(call, output)
    case .depthwise:
      let multiplier = try settings.count("depth_multiplier", or: 1)
      let variables = try call.variables([kernel + [channels, multiplier]] + bias(channels * multiplier))
      let weight = try variables[0].permuted(inputsFirst, shape: [channels * multiplier, 1] + kernel)
      let output = try convolution(
        call.name, input, &window, format, weight: ("depthwise_kernel", weight), bias: hasBias ? variables[1] : nil,
        groups: channels)
      return try activation(call, output)
    case .separable:
      let filters = try settings.count("filters")
      let multiplier = try settings.count("depth_multiplier", or: 1)
      let variables = try call.variables(
        [kernel + [channels, multiplier], ones + [channels * multiplier, filters]] + bias(filters))
      let depthwise = try variables[0].permuted(inputsFirst, shape: [channels * multiplier, 1] + kernel)
      let middle = try convolution(
        "\(call.name)/depthwise", constants: call.name, input, &window, format,
        weight: ("depthwise_kernel", depthwise), bias: nil, groups: channels)
      var point = try KerasWindow(
        KerasSettings(config: .null, place: settings.place), kernel: ones, strides: ones, dilations: ones)
      let output = try convolution(
        call.name, middle, &point, format, weight: ("pointwise_kernel", variables[1].permuted(outputsFirst)),
        bias: hasBias ? variables[2] : nil, groups: 1)
      return try activation(call, output)
    }
  }

  private mutating func convolution(
    _ name: String, constants: String? = nil, _ input: KerasValue, _ window: inout KerasWindow,
    _ format: KerasDataFormat, weight: (name: String, tensor: StoredTensor), bias: StoredTensor?, groups: Int
  ) throws -> KerasValue {
    var source = picture(input, format)
    let padded = source.unpadded
    if let padded, window.padding == .valid {
      // Zeros that a layer before put around the picture become this one's.
      source = KerasValue(name: padded.name, shape: padded.shape, isChannelsFirst: source.isChannelsFirst)
      for axis in window.axes.indices {
        window.axes[axis].padding = .explicit(before: padded.before[axis], after: padded.after[axis])
      }
    }
    let spatial = source.picture(format).spatial
    let extents = try window.output(of: spatial)
    let constants = constants ?? name
    var inputs = [source.name, constant("\(constants)/\(weight.name)", weight.tensor)]
    if let bias { inputs.append(constant("\(constants)/bias", bias)) }
    return node(
      "Conv", name, inputs, window.axes.attributes + [Attribute("group", .int(Int64(groups)))],
      shape: input.shape(extents, weight.tensor.shape[0], format), isChannelsFirst: source.isChannelsFirst)
  }

  /// The gradient of a convolution with respect to its input (Keras' rule for the output's extents).
  fileprivate mutating func transposedConvolution(_ call: KerasLayerCall, axes: Int) throws -> KerasValue {
    let settings = call.settings
    let format = try settings.dataFormat
    let input = try call.picture(axes: axes)
    let ones = [Int](repeating: 1, count: axes)
    let filters = try settings.count("filters")
    let channels = try call.known(input.picture(format).channels, "the number of channels")
    let kernel = try settings.counts("kernel_size", axes: axes)
    let window = try KerasWindow(
      settings, kernel: kernel,
      strides: settings.counts("strides", axes: axes, or: ones),
      dilations: settings.counts("dilation_rate", axes: axes, or: ones))
    let more =
      settings.has("output_padding")
      ? try settings.counts("output_padding", axes: axes, in: 0...1 << 16) : nil
    let hasBias = try settings.bool("use_bias", or: true)
    let variables = try call.variables([kernel + [filters, channels]] + (hasBias ? [[filters]] : []))
    // By how much the output is smaller than a plain transposed convolution's, (input - 1) · stride + span.
    let cut = (0..<axes).map { axis in
      let (span, stride) = (window.axes[axis].end(of: 1), window.axes[axis].stride)
      if let more { return window.padding == .same ? 2 * (span / 2) - more[axis] : -more[axis] }
      return window.padding == .same ? span - stride : min(span - stride, 0)
    }
    let spatial = input.picture(format).spatial
    let extents = (0..<axes).map { axis in
      spatial[axis].map { window.axes[axis].end(of: $0) - cut[axis] }
    }
    guard extents.allSatisfy({ $0 ?? 1 > 0 }) else { throw ZooError(.badData, "the output would have no elements") }
    let source = picture(input, format)
    var inputs = [
      source.name,
      try constant("\(call.name)/kernel", variables[0].permuted([axes + 1, axes] + Array(0..<axes))),
    ]
    if hasBias { inputs.append(constant("\(call.name)/bias", variables[1])) }
    let transposed = zip(window.axes, cut).map { $0.padded(by: max($1, 0)) }
    let output = node(
      "ConvTranspose", call.name, inputs,
      transposed.attributes + [.ints("output_padding", cut.map { max(-$0, 0) })],
      shape: input.shape(extents, filters, format), isChannelsFirst: source.isChannelsFirst)
    return try activation(call, output)
  }
}
