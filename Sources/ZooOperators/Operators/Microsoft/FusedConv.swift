extension OperatorDeclaration {
  /// com.microsoft FusedConv: Conv, to which a tensor may be added, and an activation.
  static let fusedConv = microsoft("FusedConv", "T T ?T ?T -> T", .product) { node in
    [try node.requireAddend(of: node.convolutionShape(weights: 1, bias: 2))]
  }.asFunction { f in
    var y = f(
      "Conv", try f.input(0), try f.input(1), f.optionalInput(2),
      keeping: ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])
    if let addend = f.optionalInput(3) { y = f("Add", y, addend) }
    return [try f.activated(y, f.node.text("activation"), f.node.floats("activation_params") ?? [])]
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
  ) { node in [try node.channelsLastIfAsked { try $0.convolutionShape(weights: 3, bias: 8) }] }.asFunction { f in
    [
      try f.channelsLastIfAsked { f, x in
        f.add(
          "QLinearConv", [x] + (1..<9).map { f.optionalInput($0) }, outputs: 1,
          keeping: ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])[0]
      }
    ]
  }

  /// com.microsoft NhwcMaxPool: MaxPool with channels last.
  static let nhwcMaxPool = microsoft("NhwcMaxPool", "T -> T") { node in
    [try node.channelsLast { try $0.pooledShape() }]
  }.asFunction { f in
    [
      try f.channelsLast { f, x in
        f(
          "MaxPool", x, opset: 12,
          keeping: ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides"])
      }
    ]
  }

  /// com.microsoft QLinearAveragePool: AveragePool of a quantized tensor.
  static let qLinearAveragePool = microsoft("QLinearAveragePool", "T float32 ?T float32 ?T -> T") { node in
    [try node.channelsLastIfAsked { try $0.pooledShape() }]
  }.asFunction { f in
    [
      try f.channelsLastIfAsked { f, x in
        let y = f(
          "AveragePool", try f.dequantized(x, 1, 2), opset: 11,
          keeping: ["auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides"])
        return try f.quantized(y, 3, 4)
      }
    ]
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
  }.asFunction { f in
    [
      try f.channelsLastIfAsked { f, x in
        try f.quantized(f("GlobalAveragePool", f.dequantized(x, 1, 2)), 3, 4)
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
