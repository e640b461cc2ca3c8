import ZooCore

/// ONNX Runtime's own operators (its "contrib operators"): what its exporters, quantizer and optimizer write into files.
let microsoftDomain = "com.microsoft"

extension OperatorCatalogue {
  static let microsoft: [OperatorDeclaration] =
    functions + products + normalizations + attentions + quantized + others

  /// Functions of each element.
  private static let functions: [OperatorDeclaration] = [
    .microsoft("BiasAdd", "T T T -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] },
    .microsoft("BiasGelu", "T T -> T", [.elementwise, .keepsZero]) { [try $0.biasedShape()] },
    .microsoft("FastGelu", "T ?T -> T", [.elementwise, .keepsZero]) { [try $0.biasedShape()] },
    .microsoft("Gelu", "T -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] },
    .microsoft("QuickGelu", "T -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] },
    .microsoft("BiasSplitGelu", "T T -> T", .keepsZero) { [try $0.halvedShape()] },
    .microsoft("BiasSoftmax", "T T -> T") { [try $0.shape(0)] },
    .microsoft("ScaledSiLU", "T ?_ -> T", [.elementwise, .keepsZero]) { [try $0.shape(0)] },
    .microsoft("SwiGLU", "T ?T -> T", .keepsZero) { [try $0.has(1) ? $0.shape(0) : $0.halvedShape()] },
  ]

  private static let products: [OperatorDeclaration] = [
    .fusedConv, .nhwcConv, .nhwcFusedConv,
    .microsoft("FusedGemm", "T T ?T -> T", .product) { [try $0.matrixProductAndSum(a: 0, b: 1, c: 2)] },
    .microsoft("FusedMatMul", "T T -> T", [.product, .keepsZero]) { [try $0.transposedProduct()] },
    .microsoft("FusedMatMulActivation", "T T -> T", .product) { [try $0.transposedProduct()] },
    .microsoft("TransposeMatMul", "T T -> T", [.product, .keepsZero]) { [try $0.transposedProduct()] },
    .matMulNBits, .matMulBnb4,
    .microsoft("DynamicQuantizeMatMul", "T U T ?U ?T -> T") { [try $0.biasedProduct(bias: 4)] },
    .microsoft("MatMulInteger16", "T U -> int32") { [try $0.matrixProduct($0.shape(0), $0.shape(1))] },
    .microsoft("MatMulIntegerToFloat", "T U V V ?T ?U ?V -> V") { [try $0.biasedProduct(bias: 6)] },
    .microsoft("Inverse", "T -> T") { [try $0.squareMatrices(0)] },
  ]

  private static let normalizations: [OperatorDeclaration] = [
    .embedLayerNormalization, .skipLayerNormalization, .skipSimplifiedLayerNormalization, .simplifiedLayerNormalization,
    .layerNormalization.offered(by: microsoftDomain, types: TypeSignature("T T ?T -> T float32 float32").rule),
    .microsoft("GroupNorm", "T M M -> T") { [try $0.shape(0)] },
    .microsoft("SkipGroupNorm", "T M M T ?T -> T T") { [try $0.shape(0), try $0.shape(0)] },
  ]

  private static let attentions: [OperatorDeclaration] = [
    .microsoftAttention, .qAttention, .multiHeadAttention, .groupQueryAttention,
    .microsoft("RotaryEmbedding", "T int64 T T -> T") { [try $0.microsoftRotatedShape()] },
    .microsoft("MoE", "T T T ?T T ?T ?T ?T -> T", .product) { [try $0.shape(0)] },
    .microsoft("QMoE", "T -> T") { [try $0.shape(0)] },
  ]

  /// Tensors of 8 bits, each followed by its scale and its zero point.
  private static let quantized: [OperatorDeclaration] = [
    .microsoft("QLinearAdd", "T float32 ?T T float32 ?T float32 ?T -> T") { [try $0.broadcastShape(of: [0, 3])] },
    .microsoft("QLinearMul", "T float32 ?T T float32 ?T float32 ?T -> T") { [try $0.broadcastShape(of: [0, 3])] },
    .microsoft("QLinearWhere", "bool T float32 T T float32 T float32 T -> T") {
      [try $0.broadcastShape(of: [0, 1, 4])]
    },
    .microsoft("MulInteger", "T ?T T ?T -> int32") { [try $0.broadcastShape(of: [0, 2])] },
    .microsoft("QLinearLeakyRelu", "T float32 ?T float32 ?T -> T") { [try $0.shape(0)] },
    .microsoft("QLinearSigmoid", "T float32 ?T float32 ?T -> T") { [try $0.shape(0)] },
    .microsoft("QLinearSoftmax", "T float32 ?T float32 T -> T") { [try $0.shape(0)] },
    .microsoft("QLinearReduceMean", "T float32 ?T float32 ?T -> T") { [try $0.attributeReducedShape()] },
    .microsoft("ReduceSumInteger", "_ -> _") { [try $0.attributeReducedShape()] },
    .qLinearAveragePool, .qLinearGlobalAveragePool, .qLinearConcat, .channelsLastQLinearConv, .nhwcMaxPool, .qGemm,
    .dynamicQuantizeLSTM,
    .quantizeLinear.offered(by: microsoftDomain) { node in
      [node.has(2) ? try node.facts(2).kind : .tensor(.uint8)]
    },
    .dequantizeLinear.offered(by: microsoftDomain, types: TypeSignature("T U ?T -> U").rule),
  ]

  private static let others: [OperatorDeclaration] = [
    .microsoft("Tokenizer", "string -> string") { [try $0.shape(0) + [.unknown()]] },
    .gatherBlockQuantized,
    .gridSample.offered(by: microsoftDomain, types: TypeSignature("T T -> T").rule),
    .microsoft("CDist", "T T -> T") { [try $0.pairsOfRows()] },
    .microsoft("ComplexMul", "T T -> T", .keepsZero) { [try $0.broadcastShape(of: [0, 1])] },
    .microsoft("ComplexMulConj", "T T -> T", .keepsZero) { [try $0.broadcastShape(of: [0, 1])] },
    .microsoft("IsAllFinite", "*_ -> bool") { _ in [[]] },
    .microsoft("Trilu", "T ?int64 -> T", .keepsZero) { [try $0.shape(0)] },
  ]
}

extension OperatorDeclaration {
  /// - Parameter types: See `TypeSignature`.
  static func microsoft(
    _ name: String, _ types: String, _ traits: OperatorTraits = [], shapes: @escaping ShapeRule
  ) -> OperatorDeclaration {
    OperatorDeclaration(
      name, domain: microsoftDomain, traits, types: TypeSignature(types).rule, shapes: shapes)
  }
}

extension Inference {
  fileprivate func broadcastShape(of indices: [Int]) throws -> [Dim] {
    try broadcast(indices.map { try shape($0) })
  }

  /// The shape of input 0, to whose last dimension a vector is added.
  fileprivate func biasedShape() throws -> [Dim] {
    let shape = try shape(0)
    if has(1), let bias = try facts(1).shape {
      try requireBroadcast(bias, to: shape, "a bias of shape \(bias) doesn't fit a tensor of shape \(shape)")
    }
    return shape
  }

  /// The shape of input 0, of whose last dimension one half is multiplied by the other.
  fileprivate func halvedShape() throws -> [Dim] {
    let shape = try shape(0)
    guard let width = shape.last else { throw invalid("a single number has no halves") }
    try require(width.number.map { $0 % 2 == 0 } ?? true, "a tensor of shape \(shape) has no halves")
    return shape.dropLast() + [width.floorDivided(by: 2)]
  }

  /// The shape of a product of inputs 0 and 1, to which a vector may be added.
  fileprivate func biasedProduct(bias: Int) throws -> [Dim] {
    let shape = try matrixProduct(shape(0), shape(1))
    if has(bias), let width = shape.last { try requireVector(bias, of: width, "the bias") }
    return shape
  }

  /// A number for each row of input 0 and each row of input 1.
  fileprivate func pairsOfRows() throws -> [Dim] {
    let (left, right) = (try shape(0, ofRank: 2, "A"), try shape(1, ofRank: 2, "B"))
    if let left, let right { try requireEqual(left[1], right[1], "the rows of \(left) and \(right) differ in length") }
    return [left?[0] ?? .unknown(), right?[0] ?? .unknown()]
  }

  fileprivate func attributeReducedShape() throws -> [Dim] {
    let shape = try shape(0)
    let axes = try ints("axes").map { try normalized(axes: $0, rank: shape.count) } ?? []
    return reduced(
      shape, axes: axes.isEmpty ? Array(shape.indices) : axes, keepsDimensions: try flag("keepdims", default: true))
  }

  /// As ONNX's RotaryEmbedding, but a number of heads is needed only where a part of each head is turned.
  fileprivate func microsoftRotatedShape() throws -> [Dim] {
    let shape = try shape(0)
    try require(shape.count == 3 || shape.count == 4, "a tensor of shape \(shape) is not of rank 3 or 4")
    if shape.count == 3, try int("num_heads", default: 0) != 0 { _ = try headCount("num_heads", dividing: shape[2]) }
    return shape
  }
}
