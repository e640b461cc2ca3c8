import CConvKernels
import PluginSupport
import ZooPlugin

/// ONNX's ConvTranspose, over one to three spatial axes.
struct ConvTranspose: Operator {
  let signature: Signature
  let host: ZooHost

  init(since: Int64, host: ZooHost) {
    signature = Signature("ConvTranspose", since: since)
    self.host = host
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let geometry = try TransposedGeometry(node)
    if saturatingProduct(geometry.outputShape) == 0 { return EmptyKernel() }
    return try ConvTransposeKernel(geometry, node, host: host, executor: executor)
  }

  func inputsInPieces(_ node: Node) -> [Int] {
    guard let geometry = try? TransposedGeometry(node), saturatingProduct(geometry.outputShape) > 0,
      ConvTransposeKernel.usesProducts(geometry)
    else { return [] }
    return [1]
  }
}

/// The shapes of a transposed convolution, checked.
struct TransposedGeometry {
  var type: ElementType
  var batch: Int
  var groups: Int
  /// Of one group.
  var inputChannels: Int
  var outputChannels: Int
  var window: TransposedWindow
  var hasBias = false

  init(_ node: Node) throws {
    let (input, weights) = (try node.input(0), try node.input(1))
    type = input.type
    guard type == .float32 || type == .float64 else {
      throw OperatorError("ConvTranspose takes floating-point tensors, not \(type.name)")
    }
    guard weights.type == type else {
      throw OperatorError("the weights are \(weights.type.name), the input \(type.name)")
    }
    let (shape, weightShape) = (input.shape, weights.shape)
    guard shape.count >= 3, weightShape.count == shape.count else {
      throw OperatorError("weights of shape \(weightShape) don't fit an input of shape \(shape)")
    }
    groups = try node.attributes.int("group") ?? 1
    guard groups >= 1, shape[1] % groups == 0, weightShape[0] == shape[1] else {
      throw OperatorError(
        "\(shape[1]) channels in \(groups) group\(groups == 1 ? "" : "s") don't fit weights of shape \(weightShape)")
    }
    batch = shape[0]
    inputChannels = shape[1] / groups
    outputChannels = weightShape[1]
    // Without channels any number of groups divides them.
    let channels = try groups.times(outputChannels)
    window = try TransposedWindow(node.attributes, input: Array(shape[2...]), kernel: Array(weightShape[2...]))
    if node.ownInputCount > 2, let bias = node.optionalInput(2) {
      guard bias.type == type, bias.shape == [channels] else {
        throw OperatorError("the bias has shape \(bias.shape) in place of [\(channels)]")
      }
      hasBias = true
    }
    _ = try elementCount(outputShape)
  }

  var outputShape: [Int] { [batch, groups * outputChannels] + window.output }
}
