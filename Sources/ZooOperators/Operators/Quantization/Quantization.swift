extension OperatorCatalogue {
  static let quantization: [OperatorDeclaration] = [
    .dequantizeLinear, .dynamicQuantizeLinear, .matMulInteger, .qLinearMatMul, .quantizeLinear,
  ]
}
