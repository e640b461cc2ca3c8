extension OperatorDeclaration {
  /// ONNX MatMulInteger: exact products of 8-bit integers, as int32.
  static let matMulInteger = OperatorDeclaration("MatMulInteger") { node in
    [try node.matrixProduct(node.shape(0), node.shape(1))]
  }

  /// ONNX QLinearMatMul: products of quantized matrices, quantized again.
  static let qLinearMatMul = OperatorDeclaration("QLinearMatMul") { node in
    [try node.matrixProduct(node.shape(0), node.shape(3))]
  }
}
