import ZooCore

/// The domain of operators that passes make.
package let compilerDomain = "zoo"

extension OperatorCatalogue {
  static let compiler: [OperatorDeclaration] = [
    .blockMatMul, .cachedAttention, .dequantizeAdd, .dequantizeMul, .interleave, .productArgMax, .quantizedConv,
    .quantizedMatMul,
    .quantizeDequantize, .reorder, .selectChannels,
  ]
}
