import ZooCore
import ZooNumbers

extension OperatorCatalogue {
  /// Operators of tensors of 8 bits, each followed by its scale and its zero point.
  static let microsoftQuantized: [OperatorDeclaration] = [
    .microsoft("QLinearAdd", "T float32 ?T T float32 ?T float32 ?T -> T") { [try $0.broadcastShape(of: [0, 3])] }
      .asFunction { f in [try f.quantized(f("Add", f.dequantized(0), f.dequantized(3)), 6, 7)] },
    .microsoft("QLinearMul", "T float32 ?T T float32 ?T float32 ?T -> T") { [try $0.broadcastShape(of: [0, 3])] }
      .asFunction { f in [try f.quantized(f("Mul", f.dequantized(0), f.dequantized(3)), 6, 7)] },
    .microsoft("QLinearWhere", "bool T float32 T T float32 T float32 T -> T") {
      [try $0.broadcastShape(of: [0, 1, 4])]
    }.asFunction { f in
      [try f.quantized(f("Where", f.input(0), f.dequantized(1), f.dequantized(4)), 7, 8, like: 1)]
    },
    .microsoft("QLinearLeakyRelu", "T float32 ?T float32 ?T -> T") { [try $0.shape(0)] }
      .asFunction { f in [try f.quantized(f("LeakyRelu", f.dequantized(0), keeping: ["alpha"]), 3, 4)] },
    .microsoft("QLinearSigmoid", "T float32 ?T float32 ?T -> T") { [try $0.shape(0)] }
      .asFunction { f in [try f.quantized(f("Sigmoid", f.dequantized(0)), 3, 4)] },
    .microsoft("QLinearSoftmax", "T float32 ?T float32 T -> T") { [try $0.shape(0)] }.asFunction { f in
      let opset = try Int64(f.node.requiredInt("opset"))
      return [try f.quantized(f("Softmax", f.dequantized(0), opset: opset, keeping: ["axis"]), 3, 4)]
    },
    .microsoft("QLinearReduceMean", "T float32 ?T float32 ?T -> T") { [try $0.attributeReducedShape()] }
      .asFunction { f in
        [try f.quantized(f("ReduceMean", f.dequantized(0), opset: 13, keeping: ["axes", "keepdims"]), 3, 4)]
      },
    .microsoft("MulInteger", "T ?T T ?T -> int32") { [try $0.broadcastShape(of: [0, 2])] },
    .microsoft("ReduceSumInteger", "_ -> _") { [try $0.attributeReducedShape()] },
    .qLinearAveragePool, .qLinearGlobalAveragePool, .qLinearConcat, .channelsLastQLinearConv, .nhwcMaxPool, .qGemm,
    .dynamicQuantizeLSTM,
    .quantizeLinear.offered(by: microsoftDomain) { node in
      [node.has(2) ? try node.facts(2).kind : .tensor(.uint8)]
    }.asFunction { f in [f("QuantizeLinear", try f.input(0), try f.input(1), f.optionalInput(2), keeping: ["axis"])] },
    .dequantizeLinear.offered(by: microsoftDomain, types: TypeSignature("T U ?T -> U").rule).asFunction { f in
      [f("DequantizeLinear", try f.input(0), try f.input(1), f.optionalInput(2), keeping: ["axis"])]
    },
  ]
}

extension FunctionBody {
  /// The numbers of a tensor of 8 bits, whose scale and zero point follow it.
  mutating func dequantized(_ index: Int) throws -> Value {
    try dequantized(input(index), index + 1, index + 2)
  }

  mutating func dequantized(_ value: Value, _ scale: Int, _ zeroPoint: Int) throws -> Value {
    self("DequantizeLinear", value, try input(scale), optionalInput(zeroPoint))
  }

  /// - Parameter index: An input of the type that comes out.
  mutating func quantized(_ value: Value, _ scale: Int, _ zeroPoint: Int, like index: Int = 0) throws -> Value {
    let type = try node.elementType(index)
    return self(
      "QuantizeLinear", value, try input(scale), optionalInput(zeroPoint),
      attributes: ["output_dtype": .int(Int64(type.rawValue))])
  }
}

extension Inference {
  fileprivate func attributeReducedShape() throws -> [Dim] {
    let shape = try shape(0)
    let axes = try ints("axes").map { try normalized(axes: $0, rank: shape.count) } ?? []
    return reduced(
      shape, axes: axes.isEmpty ? Array(shape.indices) : axes, keepsDimensions: try flag("keepdims", default: true))
  }

  func broadcastShape(of indices: [Int]) throws -> [Dim] { try broadcast(indices.map { try shape($0) }) }
}
