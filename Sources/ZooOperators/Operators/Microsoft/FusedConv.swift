extension OperatorDeclaration {
  /// com.microsoft FusedConv: Conv, to which a tensor may be added, and an activation.
  static let fusedConv = microsoft("FusedConv", "T T ?T ?T -> T", .product) { node in
    [try node.requireAddend(of: node.convolutionShape(weights: 1, bias: 2))]
  }

  /// com.microsoft NhwcConv: Conv with channels last.
  static let nhwcConv = microsoft("NhwcConv", "T T ?T -> T", [.product, .keepsZero]) { node in
    [try node.channelsLast { try $0.convolutionShape(weights: 1, bias: 2) }]
  }

  /// com.microsoft NhwcFusedConv: FusedConv with channels last.
  static let nhwcFusedConv = microsoft("NhwcFusedConv", "T T ?T ?T -> T", .product) { node in
    [try node.requireAddend(of: node.channelsLast { try $0.convolutionShape(weights: 1, bias: 2) })]
  }

  /// com.microsoft QLinearConv: ONNX's, where attribute `channels_last` says so with channels last.
  static let channelsLastQLinearConv = microsoft(
    "QLinearConv", "T float32 T U float32 U float32 V ?int32 -> V"
  ) { node in [try node.channelsLastIfAsked { try $0.convolutionShape(weights: 3, bias: 8) }] }

  /// com.microsoft NhwcMaxPool: MaxPool with channels last.
  static let nhwcMaxPool = microsoft("NhwcMaxPool", "T -> T") { node in
    [try node.channelsLast { try $0.pooledShape() }]
  }

  /// com.microsoft QLinearAveragePool: AveragePool of a quantized tensor.
  static let qLinearAveragePool = microsoft("QLinearAveragePool", "T float32 ?T float32 ?T -> T") { node in
    [try node.channelsLastIfAsked { try $0.pooledShape() }]
  }

  /// com.microsoft QLinearGlobalAveragePool: GlobalAveragePool of a quantized tensor.
  static let qLinearGlobalAveragePool = microsoft("QLinearGlobalAveragePool", "T float32 T float32 T -> T") { node in
    [
      try node.channelsLastIfAsked { node in
        let shape = try node.shape(0)
        try node.require(shape.count >= 2, "the input of shape \(shape) has no channels")
        return shape[..<2] + shape[2...].map { _ in 1 }
      }
    ]
  }
}

extension Inference {
  /// Input 3, which is added to a result of that shape.
  fileprivate func requireAddend(of shape: [Dim]) throws -> [Dim] {
    guard has(3), let addend = try facts(3).shape else { return shape }
    try require(
      addend.count == shape.count && zip(addend, shape).allSatisfy { $0.equals($1) != false },
      "a tensor of shape \(addend) can't be added to one of shape \(shape)")
    return shape
  }

  /// The shape with channels last of what `rule` gives, for which input 0 has its channels first.
  fileprivate func channelsLast(_ rule: (Inference) throws -> [Dim]) throws -> [Dim] {
    var node = self
    if var shape = try facts(0).shape {
      try require(shape.count >= 2, "a tensor of shape \(shape) has no channels")
      shape.insert(shape.removeLast(), at: 1)
      node.inputs[0]?.shape = shape
    }
    var result = try rule(node)
    if result.count >= 2 { result.append(result.remove(at: 1)) }
    return result
  }

  fileprivate func channelsLastIfAsked(_ rule: (Inference) throws -> [Dim]) throws -> [Dim] {
    try flag("channels_last") ? channelsLast(rule) : rule(self)
  }
}
