import ZooCore

extension OperatorCatalogue {
  /// Products of matrices of 8 or 16 bits.
  static let microsoftIntegerProducts: [OperatorDeclaration] = [
    .microsoft("DynamicQuantizeMatMul", "T U T ?U ?T -> T") { [try $0.biasedProduct(bias: 4)] }.asFunction { f in
      let x = f.add("DynamicQuantizeLinear", [try f.input(0)], outputs: 3)
      let product = f("MatMulInteger", x[0], try f.input(1), x[2], f.optionalInput(3))
      return [try f.scaled(product, by: [x[1], f.input(2)], plus: f.optionalInput(4))]
    },
    .microsoft("MatMulInteger16", "T U -> int32") { [try $0.matrixProduct($0.shape(0), $0.shape(1))] }
      .asFunction { f in
        let operands = try [0, 1].map { f.cast(try f.input($0), to: .int32) }
        return [f("MatMul", operands[0], operands[1])]
      },
    .microsoft("MatMulIntegerToFloat", "T U V V ?T ?U ?V -> V") { [try $0.biasedProduct(bias: 6)] }.asFunction { f in
      let product = f("MatMulInteger", try f.input(0), try f.input(1), f.optionalInput(4), f.optionalInput(5))
      return [try f.scaled(product, by: [f.input(2), f.input(3)], plus: f.optionalInput(6))]
    },
  ]
}

extension OperatorDeclaration {
  /// com.microsoft QGemm: Gemm of quantized matrices; without the result's scale and zero point, as float32.
  static let qGemm = OperatorDeclaration(
    "QGemm", domain: microsoftDomain,
    types: { node in [try node.has(8) ? node.facts(8).kind : .tensor(.float32)] }
  ) { node in
    [try node.matrixProductAndSum(a: 0, b: 3, c: 6)]
  }.asFunction { f in
    let a = try f.node.flag("transA") ? f.transpose(f.input(0), [1, 0]) : f.input(0)
    let b = try f.node.flag("transB") ? f.transpose(f.input(3), [1, 0]) : f.input(3)
    var product = f("MatMulInteger", a, b, f.optionalInput(2), f.optionalInput(5))
    if let addend = f.optionalInput(6) { product = f("Add", product, addend) }
    let alpha = try f.number(Double(f.node.float("alpha") ?? 1), .float32)
    let result = try f.scaled(product, by: [alpha, f.input(1), f.input(4)], plus: nil)
    guard let zeroPoint = f.optionalInput(8) else { return [result] }
    return [f("QuantizeLinear", result, try f.input(7), zeroPoint)]
  }
}

extension FunctionBody {
  /// Whole numbers times some scales, plus a bias.
  mutating func scaled(_ product: Value, by scales: [Value], plus bias: Value?) throws -> Value {
    var scale = scales[0]
    for other in scales.dropFirst() { scale = self("Mul", scale, other) }
    let result = self("Mul", cast(product, to: .float32), scale)
    return bias.map { self("Add", result, $0) } ?? result
  }
}

extension Inference {
  /// The shape of a product of inputs 0 and 1, to which a vector may be added.
  fileprivate func biasedProduct(bias: Int) throws -> [Dim] {
    let shape = try matrixProduct(shape(0), shape(1))
    if has(bias), let width = shape.last { try requireVector(bias, of: width, "the bias") }
    return shape
  }
}
