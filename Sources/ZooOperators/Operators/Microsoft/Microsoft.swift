import ZooCore

/// ONNX Runtime's own operators (its "contrib operators"): what its exporters, quantizer and optimizer write into files.
let microsoftDomain = "com.microsoft"

extension OperatorCatalogue {
  static let microsoft: [OperatorDeclaration] =
    microsoftElementwise + microsoftProducts + microsoftIntegerProducts + normalizations + attentions
    + microsoftQuantized + others

  private static let normalizations: [OperatorDeclaration] = [
    .embedLayerNormalization, .skipLayerNormalization, .skipSimplifiedLayerNormalization, .simplifiedLayerNormalization,
    .layerNormalization.offered(by: microsoftDomain, types: TypeSignature("T T ?T -> T float32 float32").rule)
      .asFunction { f in
        f.add(
          "LayerNormalization", [try f.input(0), try f.input(1), f.optionalInput(2)],
          outputs: f.isUsed(output: 1) || f.isUsed(output: 2) ? 3 : 1, keeping: ["axis", "epsilon", "stash_type"])
      },
    .microsoft("GroupNorm", "T M M -> T") { [try $0.shape(0)] },
    .microsoft("SkipGroupNorm", "T M M T ?T -> T T") { [try $0.shape(0), try $0.shape(0)] },
  ]

  private static let attentions: [OperatorDeclaration] = [
    .microsoftAttention, .qAttention, .multiHeadAttention, .groupQueryAttention, .microsoftRotaryEmbedding,
    .microsoft("MoE", "T T T ?T T ?T ?T ?T -> T", .product) { [try $0.shape(0)] },
    .microsoft("QMoE", "T -> T") { [try $0.shape(0)] },
  ]

  private static let others: [OperatorDeclaration] = [
    .microsoft("Tokenizer", "string -> string") { [try $0.shape(0) + [.unknown()]] },
    .gatherBlockQuantized, .cDist,
    .gridSample.offered(by: microsoftDomain, types: TypeSignature("T T -> T").rule).asFunction { f in
      [
        f(
          "GridSample", try f.input(0), try f.input(1), opset: 16, keeping: ["align_corners", "mode", "padding_mode"])
      ]
    },
    .microsoft("Inverse", "T -> T") { [try $0.squareMatrices(0)] },
    .microsoft("ComplexMul", "T T -> T", .keepsZero) { [try $0.broadcastShape(of: [0, 1])] },
    .microsoft("ComplexMulConj", "T T -> T", .keepsZero) { [try $0.broadcastShape(of: [0, 1])] },
    .microsoft("IsAllFinite", "*_ -> bool") { _ in [[]] },
    .microsoft("Trilu", "T ?int64 -> T", .keepsZero) { [try $0.shape(0)] }.asFunction { f in
      [f("Trilu", try f.input(0), f.optionalInput(1), keeping: ["upper"])]
    },
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
