extension OperatorDeclaration {
  /// ONNX MaxPool: the greatest element under a window, and where it was.
  static let maxPool = pool("MaxPool").derivative { f in [try f.gradientOfMaxima()] }
  /// ONNX AveragePool: the mean of the elements under a window.
  static let averagePool = pool("AveragePool").differentiated { f in [try f.average()] }
  /// ONNX LpPool: the p-norm of the elements under a window.
  static let lpPool = pool("LpPool") { node in try node.requireNorm() }

  private static func pool(
    _ name: String, check: @escaping @Sendable (Inference) throws -> Void = { _ in }
  ) -> OperatorDeclaration {
    OperatorDeclaration(name, .keepsZero) { node in
      try check(node)
      let shape = try node.pooledShape()
      return [shape, shape]
    }.byRow { node in
      // Places of greatest elements count through all rows.
      node.node.outputs.dropFirst().allSatisfy(\.isEmpty) ? [0] : []
    }
  }
}

extension Inference {
  func pooledShape() throws -> [Dim] {
    guard let kernel = try ints("kernel_shape") else { throw invalid("kernel_shape is missing") }
    let x = try facts(0).shape ?? .unknown(rank: kernel.count + 2)
    try require(x.count >= 3, "the input's rank is \(x.count), but \(node.operatorType) needs 3 or more")
    let rounding: WindowAxis.Rounding = try flag("ceil_mode") ? .up : .down
    let windows = try windows(axes: x.count - 2, kernel: nil).enumerated().map { axis, window in
      if case .explicit(let before, let after) = window.padding, let span = window.span.number {
        try require(before < span && after < span, "pads of spatial axis \(axis) are as large as the kernel")
      }
      var window = window
      window.rounding = rounding
      return window
    }
    return x[..<2] + (try positions(windows, on: Array(x[2...]), mayExceed: true))
  }

  /// Attribute `p` is a norm's exponent; operator set 1 gives a float.
  func requireNorm() throws {
    let power: Double
    if case .float(let number)? = node[attribute: "p"] {
      power = Double(number)
    } else {
      power = Double(try int("p", default: 2))
    }
    try require(power > 0, "p is \(power), which is no norm")
  }
}
