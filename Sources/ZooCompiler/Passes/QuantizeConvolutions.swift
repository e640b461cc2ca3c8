import ZooCore
import ZooOperators
import ZooNumbers

/// Has convolutions of dequantized images by dequantized weights computed on the integers: Conv behind DequantizeLinear, and
/// QLinearConv. Sums are exact; what follows, QuantizeLinear among it, is folded onto their end like all else.
package struct QuantizeConvolutions: Pass {
  package let name = "convolving bytes"
  private static let operatorType = "QuantizedConv"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    guard context.provider.offers(Self.operatorType, domain: internalDomain, opset: 1) else { return }
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard node.epilogue.isEmpty else { continue }
      if node.isOperator("Conv") {
        try convolveBytes(id, node, &graph, context)
      } else if node.isOperator("QLinearConv") {
        try expand(id, node, &graph, context)
      }
    }
  }

  private func convolveBytes(
    _ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph, _ context: CompileContext
  ) throws {
    guard let image = graph.dequantization(of: node.inputs[0]), let given = node.input(1),
      let stored = graph[given].constant?.quantized, let output = node.outputs[0],
      let weights = try QuantizedWeights(stored.numbers, stored.quantization)
    else { return }
    let values = graph.addDerived(weights.parts, by: node, of: [given], context)
    let made = convolution(node, image, values, bias: node.input(2), output: output)
    if accepts(made, graph, context) { graph.replace(id, by: [made]) }
  }

  /// QLinearConv is the convolution, and QuantizeLinear of what it gives.
  private func expand(
    _ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph, _ context: CompileContext
  ) throws {
    guard node.inputs.count >= 8, let bytes = node.inputs[0], let scale = node.inputs[1], let zero = node.inputs[2],
      let given = node.inputs[3], let stored = graph[given].constant, let output = node.outputs[0],
      let scales: [Float] = try graph.elements(node.inputs[4]), let xScale: [Float] = try graph.elements(scale),
      xScale.count == 1, let zeros = graph[given].constant.flatMap({ _ in node.inputs[5] }),
      let points = try graph[zeros].constant?.dequantized(Quantization(scales: [1]))?.load().elements() as [Float]?,
      let weights = try QuantizedWeights(stored, Quantization(scales: scales, zeroPoints: points))
    else { return }
    let sources = [given, node.inputs[4], zeros].compactMap { $0 }
    let values = graph.addDerived(weights.parts, by: node, of: sources, context)
    var bias: ValueID?
    if let integers = node.input(8) {
      let products = scales.map { $0 * xScale[0] }
      guard let numbers = try graph[integers].constant?.dequantized(Quantization(scales: products)) else { return }
      bias = graph.addDerived(
        numbers, by: OperationKey(node), of: [integers, scale, node.inputs[4]], part: 2, name: "\(node.name)/bias",
        context)
    }
    let sum = graph.addValue(
      ValueFacts(.tensor(.float32), shape: graph[output].facts.shape), name: "\(graph[output].name)/numbers")
    let image = Dequantization(bytes: bytes, scale: scale, zero: zero)
    let made = convolution(node, image, values, bias: bias, output: sum)
    guard accepts(made, graph, context) else { return }
    let rounding = CompilerNode(
      "QuantizeLinear", opset: 21, name: node.name, inputs: [sum, node.inputs[6], node.inputs[7]], outputs: [output])
    graph.replace(id, by: [made, rounding])
  }

  private func convolution(
    _ node: CompilerNode, _ image: Dequantization, _ weights: [ValueID], bias: ValueID?,
    output: ValueID
  ) -> CompilerNode {
    CompilerNode(
      Self.operatorType, domain: internalDomain, opset: 1, name: node.name,
      inputs: [image.bytes, weights[0], bias, image.scale, image.zero, weights[1]], outputs: [output],
      attributes: node.attributes)
  }

  /// Whether there are kernels: the operator says so when it is asked for layouts.
  private func accepts(_ node: CompilerNode, _ graph: CompilerGraph, _ context: CompileContext) -> Bool {
    (try? context.provider.layouts(of: node, in: graph)) != nil
  }
}

/// Weights of int8 whose zero points are 0, with a scale for all or one for each output channel.
private struct QuantizedWeights {
  private let integers, scales: StoredTensor

  var parts: KeyValuePairs<String, StoredTensor> { ["integers": integers, "scales": scales] }

  /// `nil` for weights that don't become such ones.
  init?(_ stored: StoredTensor, _ quantization: Quantization) throws {
    let scales = quantization.scales
    guard let channels = stored.shape.first, quantization.blockSize == 0,
      scales.count == 1 || scales.count == channels && quantization.axis == 0, scales.allSatisfy({ $0.isFinite })
    else { return nil }
    self.scales = StoredTensor(try Tensor(scales, shape: [scales.count]))
    let points = quantization.zeroPoints
    switch stored.type {
    case .int8 where points.allSatisfy { $0 == 0 }: integers = stored
    case .int8: return nil
    case .uint8:
      guard let shifted = try Self.shifted(stored, by: points.isEmpty ? [0] : points, rows: channels) else {
        return nil
      }
      integers = shifted
    default: return nil
    }
  }

  /// Unsigned weights without their zero points; `nil` where that does not fit 8 bits.
  private static func shifted(_ stored: StoredTensor, by points: [Float], rows: Int) throws -> StoredTensor? {
    guard points.count == 1 || points.count == rows else { return nil }
    let bytes: [UInt8] = try stored.load().elements()
    let row = rows == 0 ? 0 : bytes.count / rows
    var result = [Int8](repeating: 0, count: bytes.count)
    for (index, byte) in bytes.enumerated() {
      let point = points[points.count == 1 ? 0 : index / row]
      guard let number = Int8(exactly: Float(byte) - point) else { return nil }
      result[index] = number
    }
    return StoredTensor(try Tensor(result, shape: stored.shape))
  }
}

extension CompilerGraph {
  /// The elements of a constant.
  fileprivate func elements(_ value: ValueID?) throws -> [Float]? {
    guard let value, let constant = self[value].constant, constant.type == .float32 else { return nil }
    return try constant.load().elements()
  }
}
