import CConvKernels
import PluginSupport
import ZooPlugin

/// ONNX's Conv, over one to three spatial axes.
struct Conv: Operator {
  let signature: Signature
  let host: ZooHost

  init(since: Int64, host: ZooHost) {
    signature = Signature("Conv", since: since)
    self.host = host
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let geometry = try ConvGeometry(node)
    let epilogue = try Epilogue(node, geometry)
    let algorithm = try ConvAlgorithm(geometry, node, on: host)
    if saturatingProduct(geometry.outputShape) == 0 { return EmptyKernel() }
    if algorithm == .reference { return ReferenceConvKernel(geometry, epilogue) }
    return try ConvKernel(geometry, epilogue, algorithm, node, host: host, executor: executor, sharing: nil)
  }

  func inputsInPieces(_ node: Node) -> [Int] {
    guard let geometry = try? ConvGeometry(node), saturatingProduct(geometry.outputShape) > 0,
      let algorithm = try? ConvAlgorithm(geometry, node, on: host), algorithm != .reference,
      !geometry.hasBias || node.optionalInput(2)?.neverChanges == true
    else { return [] }
    return [1]
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let geometry = try? ConvGeometry(node), geometry.type == .float32,
      var epilogue = try? Epilogue(node, geometry)
    else { return false }
    return (try? epilogue.append(step, in: node, geometry)) ?? false
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let geometry = try ConvGeometry(node)
    let epilogue = try Epilogue(node, geometry)
    let input: Layout = try geometry.prefersBlocked(now: node.input(0).layout) ? .nchw16c : .plain
    let output: Layout = input == .nchw16c || geometry.canWriteBlocked ? .nchw16c : .plain
    guard output == .nchw16c else { return nil }
    var inputs = Array(repeating: Layout.plain, count: node.inputCount)
    inputs[0] = input
    if let residual = epilogue.residual { inputs[residual] = output }
    return LayoutChoice(inputs: inputs, outputs: [output])
  }
}

/// The shapes of a convolution, checked.
struct ConvGeometry {
  var type: ElementType
  var batch: Int
  var groups: Int
  /// Of one group.
  var inputChannels: Int
  var outputChannels: Int
  var window: Window
  var hasBias: Bool

  init(_ node: Node) throws {
    let type = try node.input(0).type
    guard [.float32, .float64, .float16, .bfloat16].contains(type) else {
      throw OperatorError("Conv takes floating-point tensors, not element type \(type.rawValue)")
    }
    try self.init(node, weights: type, bias: type)
  }

  /// Of a node whose inputs are image, weights and perhaps a bias.
  init(_ node: Node, weights weightType: ElementType, bias biasType: ElementType) throws {
    let (input, weights) = (try node.input(0), try node.input(1))
    guard weights.type == weightType else {
      throw OperatorError("the weights have element type \(weights.type.rawValue), the input \(input.type.rawValue)")
    }
    try self.init(type: input.type, input: input.shape, weights: weights.shape, node.attributes)
    if node.ownInputCount > 2, let bias = node.optionalInput(2) {
      guard bias.type == biasType, bias.shape == [weights[dimension: 0]] else {
        throw OperatorError("the bias has shape \(bias.shape) in place of [\(weights[dimension: 0])]")
      }
      hasBias = true
    }
  }

  /// - Parameters:
  ///   - shape: of the input.
  ///   - weightShape: of the weights.
  init(type: ElementType, input shape: [Int], weights weightShape: [Int], _ attributes: Attributes) throws {
    self.type = type
    guard shape.count >= 3 else { throw OperatorError("the input's rank is \(shape.count), but Conv needs 3 or more") }
    guard weightShape.count == shape.count else {
      throw OperatorError("the weights have rank \(weightShape.count), the input \(shape.count)")
    }
    groups = try attributes.int("group") ?? 1
    guard groups >= 1 else { throw OperatorError("group is \(groups)") }
    guard weightShape[0] % groups == 0 else {
      throw OperatorError("\(weightShape[0]) output channels can't be split into \(groups) groups")
    }
    guard shape[1] % groups == 0, shape[1] / groups == weightShape[1] else {
      throw OperatorError(
        "the input has \(shape[1]) channels, but the weights of shape \(weightShape) take \(weightShape[1]) in each of "
          + "\(groups) group\(groups == 1 ? "" : "s")")
    }
    batch = shape[0]
    inputChannels = weightShape[1]
    outputChannels = weightShape[0] / groups
    window = try Window(attributes, input: Array(shape[2...]), kernel: Array(weightShape[2...]))
    hasBias = false
    _ = try elementCount(outputShape)
  }

  var outputShape: [Int] { [batch, groups * outputChannels] + window.output }

  /// One channel in and out of each group.
  var isDepthwise: Bool { groups > 1 && inputChannels == 1 && outputChannels == 1 }

  /// Whether the kernels for blocked input can serve.
  var canReadBlocked: Bool {
    guard [.float32, .int8, .uint8].contains(type), inputChannels > 0 else { return false }
    // Depthwise kernels go line by line; in others a bit of each tap says whether it is inside, where that is a question.
    // Sums of bytes are exact in float32 while they are few.
    if isDepthwise { return (type == .float32 ? window.lines : window.taps) <= CONV_MOST_TAPS }
    if window.taps > CONV_MOST_TAPS, type != .float32 || window.isPadded { return false }
    return mergedGroups > 0
  }

  /// How many groups blocked kernels take together, so that their channels fill blocks; 0 where they can't.
  var mergedGroups: Int { withUnsafePointer(to: raw) { Int(conv_merged_groups($0)) } }

  /// Whether blocked input is worth having: few channels would leave most lanes empty.
  func prefersBlocked(now layout: Layout) -> Bool {
    guard canReadBlocked else { return false }
    if layout == .nchw16c { return groups * inputChannels >= 8 }
    return groups * inputChannels >= 16
  }

  var canWriteBlocked: Bool { type == .float32 && groups == 1 && outputChannels >= 16 }

  /// Elements of the input with its padding.
  var paddedCount: Int {
    let padded = window.input.indices.map { window.input[$0] + window.padBegin[$0] + window.padEnd[$0] }
    return saturatingProduct([batch, groups, inputChannels] + padded)
  }

  var raw: conv_shape {
    conv_shape(
      window: window.raw, batch: Int64(batch), groups: Int64(groups), in_channels: Int64(inputChannels),
      out_channels: Int64(outputChannels))
  }
}
