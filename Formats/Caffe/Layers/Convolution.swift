import GraphWriter
import ZooCore
import ZooOperators

/// How a window moves over height and width: the parameters that convolutions and poolings share.
struct SpatialWindow {
  var kernel: [Int]
  var stride: [Int]
  var pad: [Int]
  /// The padding at the end, which is the same where no more is said.
  var padEnd: [Int]
  var dilation: [Int]
  var rounding = WindowAxis.Rounding.down

  /// Extents and steps above this make no sense.
  private static let largest = 1 << 16

  /// - Parameter axes: How many axes the window has. Each parameter is one number for all of them, or one for each.
  init(_ parameter: TextMessage, axes: Int, needsKernel: Bool = true) throws {
    func list(_ name: String, _ short: String, fallback: Int?, least: Int) throws -> [Int] {
      let values = try parameter.ints(name)
      let (height, width) = (try parameter.int("\(short)_h"), try parameter.int("\(short)_w"))
      let result: [Int]
      if height != nil || width != nil {
        guard axes == 2, values.isEmpty else { throw ZooError(.badData, "\(name) is given both ways") }
        guard let height = height ?? fallback, let width = width ?? fallback else {
          throw ZooError(.badData, "\(short)_h and \(short)_w belong together")
        }
        result = [height, width]
      } else if values.isEmpty {
        guard let fallback else { throw ZooError(.badData, "\(name) is missing") }
        result = Array(repeating: fallback, count: axes)
      } else {
        guard values.count == 1 || values.count == axes else {
          throw ZooError(.badData, "\(name) has \(values.count) values for \(axes) axes")
        }
        result = values.count == 1 ? Array(repeating: values[0], count: axes) : values
      }
      for value in result where value < least || value > Self.largest {
        throw ZooError(.badData, "\(name) is \(value)")
      }
      return result
    }
    kernel = try list("kernel_size", "kernel", fallback: needsKernel ? nil : 1, least: 1)
    stride = try list("stride", "stride", fallback: 1, least: 1)
    pad = try list("pad", "pad", fallback: 0, least: 0)
    padEnd = pad
    dilation = try list("dilation", "dilation", fallback: 1, least: 1)
  }

  var axes: [WindowAxis] {
    kernel.indices.map {
      WindowAxis(
        kernel: Dim(kernel[$0]), stride: stride[$0], dilation: dilation[$0],
        padding: .explicit(before: pad[$0], after: padEnd[$0]), rounding: rounding)
    }
  }
}

extension NetworkBuilder {
  /// Caffe's convolution is ONNX's Conv.
  mutating func convolution() throws {
    let parameters = try ConvolutionParameters(layer, input: bottom().shape)
    let (window, shape) = (parameters.window, try bottom().shape)
    let extents = try zip(window.axes, shape[2...]).map { try $0.count(on: $1) }
    let weight = [parameters.outputs, shape[1] / parameters.groups] + window.kernel
    try finishConvolution("Conv", parameters, weight: weight, extents: extents)
  }

  /// The transposed convolution, ONNX's ConvTranspose.
  mutating func deconvolution() throws {
    let parameters = try ConvolutionParameters(layer, input: bottom().shape)
    let (window, shape) = (parameters.window, try bottom().shape)
    let extents = zip(window.axes, shape[2...]).compactMap { $0.extent(covering: Dim($1)).number }
    guard extents.allSatisfy({ $0 > 0 }) else { throw ZooError(.badData, "its output has extents of \(extents)") }
    let weight = [shape[1], parameters.outputs / parameters.groups] + window.kernel
    try finishConvolution("ConvTranspose", parameters, weight: weight, extents: extents)
  }

  private mutating func finishConvolution(
    _ operatorType: String, _ parameters: ConvolutionParameters, weight: [Int], extents: [Int]
  ) throws {
    let bottom = try bottom()
    var inputs = [bottom.name, constant(try layer.weight(0, weight), "weight")]
    if parameters.hasBias { inputs.append(constant(try layer.weight(1, [parameters.outputs]), "bias")) }
    try finish(
      operatorType, inputs, parameters.window.axes.attributes + [.int("group", parameters.groups)],
      shape: [bottom.shape[0], parameters.outputs] + extents)
  }
}

/// caffe.proto, ConvolutionParameter.
private struct ConvolutionParameters {
  let window: SpatialWindow
  let outputs: Int
  let groups: Int
  let hasBias: Bool

  init(_ layer: Layer, input: [Int]) throws {
    guard layer.bottoms.count == 1, layer.tops.count == 1 else {
      throw ZooError(.unsupported, "it has several bottoms or tops")
    }
    guard (3...5).contains(input.count) else { throw ZooError(.badData, "it can't take a blob of shape \(input)") }
    let parameter = try layer.message.message("convolution_param")
    guard try parameter.int("axis") ?? 1 == 1 else { throw ZooError(.unsupported, "its channels are not axis 1") }
    window = try SpatialWindow(parameter, axes: input.count - 2)
    outputs = try parameter.int("num_output") ?? 0
    groups = try parameter.int("group") ?? 1
    hasBias = try parameter.bool("bias_term") ?? true
    guard outputs > 0, groups > 0, outputs % groups == 0, input[1] % groups == 0 else {
      throw ZooError(.badData, "\(groups) groups do not divide \(input[1]) inputs and \(outputs) outputs")
    }
  }
}
