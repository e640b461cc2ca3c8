extension OperatorDeclaration {
  /// ONNX Gemm: alpha · A · B + beta · C, with A and B transposed on demand.
  static let gemm = OperatorDeclaration("Gemm", [.product, .keepsZero]) { node in
    [try node.matrixProductAndSum(a: 0, b: 1, c: 2)]
  }.byRow { node in
    if try node.flag("transA") { return [] }
    guard node.has(2) else { return [0] }
    let addend = try node.shape(2)
    return addend.count == 2 && addend[0] != 1 ? [0, 2] : [0]
  }.derivative { try $0.gradientsOfGemm() }
}

extension FunctionBody {
  fileprivate mutating func gradientsOfGemm() throws -> [Value?] {
    let (transposesA, transposesB) = (try node.flag("transA"), try node.flag("transB"))
    let (a, b) = (try input(0), try input(1))
    let scaled = self("Mul", gradient, try attribute("alpha", default: 1))
    func product(_ left: Value, _ turnsLeft: Bool, _ right: Value, _ turnsRight: Bool, _ f: inout FunctionBody) -> Value
    {
      f("MatMul", turnsLeft ? f.transpose(left, [1, 0]) : left, turnsRight ? f.transpose(right, [1, 0]) : right)
    }
    let first =
      transposesA ? product(b, transposesB, scaled, true, &self) : product(scaled, false, b, !transposesB, &self)
    let second =
      transposesB ? product(scaled, true, a, transposesA, &self) : product(a, !transposesA, scaled, false, &self)
    guard node.has(2) else { return [first, second] }
    let addend = self("Mul", gradient, try attribute("beta", default: 1))
    return [first, second, try summed(addend, outputShape(), to: node.shape(2), of: input(2))]
  }
}

extension Inference {
  /// The shape of a product of two matrices that the attributes `transA` and `transB` transpose, to which a third may be
  /// added.
  func matrixProductAndSum(a: Int, b: Int, c: Int?) throws -> [Dim] {
    let (transposesA, transposesB) = (try flag("transA"), try flag("transB"))
    let (left, right) = (try shape(a, ofRank: 2, "A"), try shape(b, ofRank: 2, "B"))
    if let left, let right {
      try requireEqual(
        left[transposesA ? 0 : 1], right[transposesB ? 1 : 0],
        "A of shape \(left)\(transposesA ? " transposed" : "") does not fit B of shape \(right)"
          + (transposesB ? " transposed" : ""))
    }
    let result = [left?[transposesA ? 1 : 0] ?? .unknown(), right?[transposesB ? 0 : 1] ?? .unknown()]
    if let c, has(c), let addend = try facts(c).shape {
      try requireBroadcast(addend, to: result, "C of shape \(addend) doesn't broadcast to the result's \(result)")
    }
    return result
  }

  /// `shape` broadcasts to `result` without making it larger.
  func requireBroadcast(_ shape: [Dim], to result: [Dim], _ message: @autoclosure () -> String) throws {
    let fits =
      shape.count <= result.count
      && zip(shape.reversed(), result.reversed()).allSatisfy { $0 == 1 || $0.equals($1) != false }
    try require(fits, message())
  }
}
