import ZooNumbers

extension OperatorDeclaration {
  /// com.microsoft FusedConv: Conv, to which a tensor may be added, and an activation.
  static let fusedConv = microsoft("FusedConv", "T T ?T ?T -> T", .product) { node in
    [try node.requireAddend(of: node.convolutionShape(weights: 1, bias: 2))]
  }.asFunction { f in [try f.fusedConvolution(f.input(0), f.input(1), adding: f.optionalInput(3))] }

  /// com.microsoft NhwcConv: Conv with channels last. ONNX Runtime's optimizer writes weights with channels last, too, where
  /// its schema has them first.
  static let nhwcConv = microsoft("NhwcConv", "T T ?T -> T", [.product, .keepsZero]) { node in
    [try node.channelsLast(node.hasWeightsLast() ? [0, 1] : [0]) { try $0.convolutionShape(weights: 1, bias: 2) }]
  }.asFunction { f in
    [
      try f.channelsLast { f, x in
        let weights = try f.input(1)
        return try f.fusedConvolution(
          x, f.node.hasWeightsLast() ? try f.channelsFirst(weights, rank: f.node.rank(1)) : weights, adding: nil)
      }
    ]
  }

  /// com.microsoft NhwcFusedConv: FusedConv with channels last, but for the weights'.
  static let nhwcFusedConv = microsoft("NhwcFusedConv", "T T ?T ?T -> T", .product) { node in
    [try node.requireAddend(of: node.channelsLast { try $0.convolutionShape(weights: 1, bias: 2) })]
  }.asFunction { f in
    [
      try f.channelsLast { f, x in
        let rank = try f.node.rank(0)
        let addend = try f.optionalInput(3).map { try f.channelsFirst($0, rank: rank) }
        return try f.fusedConvolution(x, f.input(1), adding: addend)
      }
    ]
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

extension FunctionBody {
  /// Conv with the node's bias, a sum and the activation that the node names.
  fileprivate mutating func fusedConvolution(_ x: Value, _ weights: Value, adding addend: Value?) throws -> Value {
    var y = self(
      "Conv", x, weights, optionalInput(2),
      keeping: ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])
    if let addend { y = self("Add", y, addend) }
    return try activated(y, node.text("activation"), node.floats("activation_params") ?? [])
  }
}

extension Inference {
  /// Input 3, which is added to a result of that shape.
  fileprivate func requireAddend(of shape: [Dim]) throws -> [Dim] {
    has(3) ? try requireEqual(3, to: shape) : shape
  }

  /// Whether the weights, input 1, have as many channels as the image, input 0, if both have them last.
  fileprivate func hasWeightsLast() throws -> Bool {
    guard let channels = try shape(0).last, let own = try shape(1).last,
      let isEqual = (Dim(try int("group", default: 1)) * own).equals(channels)
    else { throw NotKnown() }
    return isEqual
  }

  /// The shape with channels last of what `rule` gives, for which those inputs have their channels first.
  fileprivate func channelsLast(_ indices: [Int] = [0], _ rule: (Inference) throws -> [Dim]) throws -> [Dim] {
    var node = self
    for index in indices {
      guard var shape = try facts(index).shape else { continue }
      try require(shape.count >= 2, "a tensor of shape \(shape) has no channels")
      shape.insert(shape.removeLast(), at: 1)
      node.inputs[index]?.shape = shape
    }
    var result = try rule(node)
    if result.count >= 2 { result.append(result.remove(at: 1)) }
    return result
  }

  fileprivate func channelsLastIfAsked(_ rule: (Inference) throws -> [Dim]) throws -> [Dim] {
    try flag("channels_last") ? channelsLast([0], rule) : rule(self)
  }
}
