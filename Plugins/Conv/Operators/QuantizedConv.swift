import CConvKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// zoo.QuantizedConv, which ModelZoo makes of a Conv between DequantizeLinear and what follows: the convolution of an image of
/// bytes (N, C, spatial…) by weights of int8, both with what they stand for, to float32; blocked tensors only. Inputs are
/// image, weights and bias (float32) as Conv has them, then the image's scale and zero point, and the weights' scales: one,
/// or one for each output channel. All but the image are constants.
///
/// As steps on its end it takes Conv's, and QuantizeDequantize, DequantizeAdd and QuantizeLinear.
struct QuantizedConv: Operator {
  let signature = Signature("QuantizedConv", domain: "zoo", since: 1)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let geometry = try ConvGeometry(quantized: node)
    let epilogue = try Epilogue(node, geometry)
    guard try node.input(0).layout == .nchw16c else {
      throw OperatorError("QuantizedConv takes blocked tensors alone", kind: .unsupported)
    }
    let algorithm = try ConvAlgorithm(geometry, node, on: host)
    if saturatingProduct(geometry.outputShape) == 0 { return EmptyKernel() }
    return try ConvKernel(geometry, epilogue, algorithm, node, host: host, executor: executor, sharing: nil)
  }

  func inputsInPieces(_ node: Node) -> [Int] { [1] }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let geometry = try? ConvGeometry(quantized: node), var epilogue = try? Epilogue(node, geometry) else {
      return false
    }
    return (try? epilogue.append(step, in: node, geometry)) ?? false
  }

  /// - Throws: `OperatorError` for a convolution that there are no kernels of bytes for.
  func layouts(for node: Node) throws -> LayoutChoice? {
    let geometry = try ConvGeometry(quantized: node)
    guard geometry.canReadBlocked, geometry.isDepthwise || geometry.suitsBytes else {
      throw OperatorError("this convolution does not take blocked bytes", kind: .unsupported)
    }
    var inputs = Array(repeating: Layout.plain, count: node.inputCount)
    inputs[0] = .nchw16c
    if let residual = try Epilogue(node, geometry).residual { inputs[residual] = .nchw16c }
    return LayoutChoice(inputs: inputs, outputs: [.nchw16c])
  }

  static func numbers(_ node: Node) throws -> conv_bytes {
    guard let numbers = conv_bytes(node, scale: 3, zero: 4), numbers.type == (try node.input(0).type.rawValue) else {
      throw OperatorError("the image's scale and zero point are not known, or no numbers that bytes can have")
    }
    return numbers
  }

  static func scales(_ node: Node, _ geometry: ConvGeometry) throws -> [Float] {
    let scales = try node.input(5)
    let channels = geometry.groups * geometry.outputChannels
    guard scales.type == .float32, scales.count == 1 || scales.count == channels, let data = scales.data else {
      throw OperatorError("the weights' scales are not known, or not one for each of \(channels) channels")
    }
    let numbers = data.assumingMemoryBound(to: Float.self)
    return (0..<channels).map { numbers[scales.count == 1 ? 0 : $0] }
  }
}

extension ConvGeometry {
  init(quantized node: Node) throws {
    let type = try node.input(0).type
    guard type == .int8 || type == .uint8 else { throw unsupported(type) }
    try self.init(node, weights: .int8, bias: .float32)
  }
}
