import AttentionPlugin
import CZooPlugin
import ConvPlugin
import MLPlugin
import PicturePlugin
import SVMPlugin
import StandardPlugin
import Testing
import VisionPlugin
import ZooCore
import ZooPluginHost
import ZooRuntime

/// A node that runs, with its inputs.
struct OperatorCase {
  var node: Node
  var inputs: [Tensor?]
  var opset: Int64

  func run(_ registry: OperatorRegistry) throws -> [Tensor] {
    try runOperator(node, inputs: inputs, opset: opset, registry: registry)
  }
}

/// All shipped plugins for one host.
func wholeRegistry(_ host: HostTable) throws -> OperatorRegistry {
  let registry = OperatorRegistry()
  for entry in [
    standardPluginEntry, convPluginEntry, attentionPluginEntry, visionPluginEntry, svmPluginEntry, mlPluginEntry,
    picturePluginEntry,
  ] { try registry.register(#require(entry(ZOO_PLUGIN_ABI_VERSION, host.pointer)), origin: "tests") }
  return registry
}

func floats(_ shape: [Int]) throws -> Tensor {
  try Tensor((0..<shape.reduce(1, *)).map { Float($0 % 7) / 4 - 0.5 }, shape: shape)
}

func ints(_ values: [Int64], _ shape: [Int]? = nil) throws -> Tensor {
  try Tensor(values, shape: shape ?? [values.count])
}

private func bytes(_ shape: [Int]) throws -> Tensor {
  try Tensor((0..<shape.reduce(1, *)).map { UInt8($0 % 5) }, shape: shape)
}

private func bools(_ shape: [Int]) throws -> Tensor {
  try Tensor((0..<shape.reduce(1, *)).map { $0 % 2 == 0 }, shape: shape)
}

/// At least one node of every operator that the plugins offer.
struct OperatorCases {
  private(set) var all: [OperatorCase] = []

  init() throws {
    try addElementwise()
    try addReductions()
    try addShapes()
    try addIndexing()
    try addNormalizations()
    try addProducts()
    try addWindows()
    try addGenerators()
    try addSignals()
    try addVision()
    try addMachines()
    try addTrees()
    try addEncoders()
    try addTexts()
    try addAttention()
    try addTraining()
  }

  private mutating func add(
    _ type: String, _ inputs: [Tensor?], _ attributes: [String: Attribute.Value] = [:], outputs: Int = 1,
    opset: Int64 = 26, domain: String = ""
  ) {
    let names = inputs.enumerated().map { $1 == nil ? "" : "input\($0)" }
    let node = Node(
      type, domain: domain, inputs: names, outputs: (0..<outputs).map { "output\($0)" },
      attributes: attributes.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) })
    all.append(OperatorCase(node: node, inputs: inputs, opset: domain.isEmpty || opset != 26 ? opset : 1))
  }

  private mutating func addElementwise() throws {
    let x = try floats([2, 3, 4])
    for name in [
      "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor",
      "HardSwish",
      "Identity", "IsInf", "IsNaN", "Log", "Mish", "Neg", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin",
      "Sinh",
      "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "Size", "Shape",
    ] { add(name, [x]) }
    for name in ["Celu", "Elu", "LeakyRelu", "ThresholdedRelu", "Swish", "Selu", "HardSigmoid"] {
      add(name, [x], ["alpha": .float(0.5)])
    }
    add("Gelu", [x], ["approximate": .string(Array("tanh".utf8))])
    add("Shrink", [x], ["lambd": .float(0.5), "bias": .float(1)])
    for name in ["Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Sum", "Mean", "PRelu", "Pow"] {
      add(name, [x, try floats([4])], name == "Mod" ? ["fmod": .int(1)] : [:])
    }
    for name in ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"] { add(name, [x, try floats([3, 1])]) }
    for name in ["And", "Or", "Xor"] { add(name, [try bools([2, 3]), try bools([3])]) }
    add("Not", [try bools([2, 3])])
    for name in ["BitwiseAnd", "BitwiseOr", "BitwiseXor"] { add(name, [try bytes([2, 3]), try bytes([3])]) }
    add("BitwiseNot", [try bytes([2, 3])])
    add("BitShift", [try bytes([2, 3]), try bytes([3])], ["direction": .string(Array("LEFT".utf8))])
    add("Where", [try bools([2, 3]), try floats([2, 3]), try floats([3])])
    add("Clip", [x, try floats([]), try floats([])])
    add("Cast", [x], ["to": .int(7)])
    add("CastLike", [x, try ints([1])])
    add("BitCast", [x], ["to": .int(6)])
    add("Pow", [try ints([1, 2, 3]), try floats([3])])
  }

  private mutating func addReductions() throws {
    let x = try floats([2, 3, 4])
    for name in [
      "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
      "ReduceSum", "ReduceSumSquare",
    ] {
      add(name, [x, try ints([0, 2])], ["keepdims": .int(1)])
      add(name, [x], ["axes": .ints([0, 2])], opset: 11)
    }
    add("ReduceL2", [try ints([1, 2, 3, 4], [2, 2]), try ints([0])])
    for name in ["ArgMax", "ArgMin"] { add(name, [x], ["axis": .int(1), "select_last_index": .int(1)]) }
    add("CumSum", [x, try ints([1], [])], ["exclusive": .int(1)])
    add("CumProd", [x, try ints([1], [])], ["reverse": .int(1)])
    add("TopK", [x, try ints([2])], ["axis": .int(1)], outputs: 2)
    add("TopK", [try ints([3, 1, 2]), try ints([2])], ["largest": .int(0)], outputs: 2)
    for name in ["GlobalAveragePool", "GlobalMaxPool"] { add(name, [try floats([1, 2, 3, 3])]) }
    add("GlobalLpPool", [try floats([1, 2, 3, 3])], ["p": .int(3)])
  }

  private mutating func addShapes() throws {
    let x = try floats([2, 3, 4])
    let image = try floats([1, 4, 2, 2])
    add("CenterCropPad", [x, try ints([3, 2])], ["axes": .ints([0, 2])])
    add("Concat", [x, x], ["axis": .int(1)])
    add("Constant", [], ["value": .tensor(NamedTensor(name: "value", tensor: StoredTensor(x)))])
    add("ConstantOfShape", [try ints([2, 3])])
    add("DepthToSpace", [image], ["blocksize": .int(2)])
    add("SpaceToDepth", [image], ["blocksize": .int(2)])
    add("Dropout", [x], outputs: 2)
    add("Expand", [x, try ints([2, 2, 3, 4])])
    add("EyeLike", [try floats([3, 4])], ["k": .int(1)])
    add("Flatten", [x], ["axis": .int(1)])
    for mode in ["constant", "reflect", "edge", "wrap"] {
      add("Pad", [x, try ints([0, 1, 1, 0, 1, 2])], ["mode": .string(Array(mode.utf8))])
    }
    add("Reshape", [x, try ints([0, -1])])
    add("Shape", [x], ["start": .int(0), "end": .int(2)])
    add("Slice", [x, try ints([0, 3]), try ints([2, 0]), try ints([1, 2]), try ints([1, -1])])
    add("Slice", [x], ["starts": .ints([0]), "ends": .ints([2]), "axes": .ints([1])], opset: 9)
    add("Split", [x, try ints([1, 3])], ["axis": .int(2)], outputs: 2)
    add("Split", [x], ["axis": .int(2), "num_outputs": .int(2)], outputs: 2)
    add("Squeeze", [try floats([1, 3, 1]), try ints([0, 2])])
    add("Unsqueeze", [x, try ints([0, 4])])
    add("Tile", [x, try ints([1, 2, 2])])
    add("Transpose", [x], ["perm": .ints([2, 0, 1])])
    add("Trilu", [x, try ints([1], [])], ["upper": .int(1)])
    add("Reorder", [image], ["to": .int(0)], domain: "zoo")
    for mode in ["nearest", "linear", "cubic"] {
      let attributes: [String: Attribute.Value] = ["mode": .string(Array(mode.utf8)), "antialias": .int(1)]
      add("Resize", [image, nil, try Tensor([Float](arrayLiteral: 1, 1, 2, 0.5), shape: [4])], attributes)
      add("Resize", [image, nil, nil, try ints([1, 4, 3, 5])], attributes)
    }
    add("Upsample", [image, try Tensor([Float](arrayLiteral: 1, 1, 2, 2), shape: [4])], opset: 9)
  }

  private mutating func addIndexing() throws {
    let x = try floats([2, 3, 4])
    add("Compress", [x, try bools([3])], ["axis": .int(1)])
    add("Gather", [x, try ints([0, 2, -1])], ["axis": .int(1)])
    add("GatherElements", [x, try ints([0, 1, 0, 1, 0, 1], [1, 3, 2])], ["axis": .int(0)])
    add("GatherND", [x, try ints([0, 1, 1, 2], [2, 2])], ["batch_dims": .int(0)])
    add("NonZero", [x])
    add("OneHot", [try ints([0, 2, 1]), try ints([3], []), try floats([2])], ["axis": .int(-1)])
    add("ReverseSequence", [x, try ints([1, 2, 2])], ["batch_axis": .int(1), "time_axis": .int(0)])
    for reduction in ["none", "add"] {
      let attributes: [String: Attribute.Value] = ["reduction": .string(Array(reduction.utf8))]
      add("ScatterElements", [x, try ints([1], [1, 1, 1]), try floats([1, 1, 1])], attributes)
      add("ScatterND", [x, try ints([1, 2], [1, 2]), try floats([1, 4])], attributes)
    }
    add("Scatter", [x, try ints([1], [1, 1, 1]), try floats([1, 1, 1])], ["axis": .int(1)], opset: 9)
    add("Unique", [try ints([3, 1, 3, 2])], ["sorted": .int(0)], outputs: 4)
    add("Unique", [x], ["axis": .int(1)], outputs: 4)
    add("TensorScatter", [try floats([2, 3, 4]), try floats([2, 1, 4]), try ints([0, 2])], ["axis": .int(1)])
    add("ArrayFeatureExtractor", [try floats([2, 3]), try ints([0, 2])], domain: "ai.onnx.ml")
  }

  private mutating func addNormalizations() throws {
    let x = try floats([2, 4, 3, 3])
    let channels = try floats([4])
    for name in ["Softmax", "LogSoftmax", "Hardmax"] {
      add(name, [x], ["axis": .int(1)])
      add(name, [x], ["axis": .int(1)], opset: 11)
    }
    add("BatchNormalization", [x, channels, channels, channels, channels], ["epsilon": .float(0.1)])
    add("InstanceNormalization", [x, channels, channels])
    add("GroupNormalization", [x, channels, channels], ["num_groups": .int(2)])
    add("LayerNormalization", [x, try floats([3]), try floats([3])], ["axis": .int(-1)], outputs: 3)
    add("RMSNormalization", [x, try floats([3])], ["axis": .int(-1)])
    add("LpNormalization", [x], ["axis": .int(1), "p": .int(2)])
    add("MeanVarianceNormalization", [x], ["axes": .ints([0, 2, 3])])
    add("LRN", [x], ["size": .int(3)])
  }

  private mutating func addProducts() throws {
    let (a, b) = (try floats([3, 4]), try floats([4, 5]))
    add("MatMul", [try floats([2, 3, 4]), b])
    add("Gemm", [a, b, try floats([5])], ["transA": .int(0), "alpha": .float(2), "beta": .float(2)])
    add("Einsum", [a, b], ["equation": .string(Array("ij,jk->ki".utf8))])
    add("Det", [try floats([2, 3, 3])])
    add("Inverse", [try floats([2, 3, 3])], domain: "com.microsoft")
    add("MatMulInteger", [try bytes([3, 4]), try bytes([4, 5]), try bytes([]), try bytes([5])])
    let one = try Tensor([Float(0.5)], shape: [])
    let zero = try bytes([])
    add("QLinearMatMul", [try bytes([3, 4]), one, zero, try bytes([4, 5]), one, zero, one, zero])
    add("QuantizeLinear", [a, try floats([4]), try bytes([4])], ["axis": .int(1)])
    add("DequantizeLinear", [try bytes([4, 4]), try floats([2, 4])], ["axis": .int(0), "block_size": .int(2)])
    add("DynamicQuantizeLinear", [a], outputs: 3)
    add("QuantizeDequantize", [a, try floats([4]), try bytes([4])], ["axis": .int(1)], domain: "zoo")
    add(
      "QuantizedMatMul", [try bytes([3, 4]), try bytes([4, 5]), one, zero, try floats([5]), try bytes([5])],
      domain: "zoo")
    for name in ["DequantizeAdd", "DequantizeMul"] {
      add(name, [try floats([4, 4]), try bytes([4, 4]), one, zero], domain: "zoo")
    }
    // Blocks of Q8_0: 32 bytes and a scale.
    add("DequantizeBlocks", [try bytes([3, 68])], ["type": .int(8)], domain: "zoo.weights")
    add("BlockMatMul", [try floats([2, 32]), try bytes([5, 34])], ["type": .int(8)], domain: "zoo")
    add("ProductArgMax", [a, b, try floats([5])], ["transB": .int(0)], domain: "zoo")
    add(
      "Interleave", [try floats([2, 12, 3, 4])],
      ["channels": .int(3), "strides": .ints([2, 2]), "starts": .ints([1, 0]), "extents": .ints([5, 7])],
      domain: "zoo")
    let cache = try Tensor(type: .float16, shape: [2, 2, 6, 8]) { $0.initializeMemory(as: UInt8.self, repeating: 0x30) }
    add(
      "CachedAttention", [try floats([2, 4, 1, 8]), cache, cache, nil, nil, nil, try ints([4, 6])],
      ["is_causal": .int(1)], domain: "zoo")
    add(
      "Attention", [try floats([2, 10, 8]), try floats([2, 6, 4]), try floats([2, 6, 4]), try bools([10, 6])],
      ["q_num_heads": .int(4), "kv_num_heads": .int(2), "is_causal": .int(1), "left_window_size": .int(3)], outputs: 4,
      opset: 25)
    for (name, gates) in [("LSTM", 4), ("GRU", 3), ("RNN", 1)] {
      add(
        name,
        [
          try floats([2, 3, 4]), try floats([1, gates * 5, 4]), try floats([1, gates * 5, 5]),
          try floats([1, 2 * gates * 5]), try Tensor([Int32](arrayLiteral: 1, 2, 2), shape: [3]),
        ], ["hidden_size": .int(5), "layout": .int(0)], outputs: 2)
    }
    add(
      "DynamicQuantizeLSTM",
      [
        try floats([2, 3, 4]), try bytes([1, 4, 20]), try bytes([1, 5, 20]), try floats([1, 40]),
        try Tensor([Int32](arrayLiteral: 1, 2, 2), shape: [3]), nil, nil, nil, try floats([1]), try bytes([1]),
        try floats([1, 20]), try bytes([1, 20]),
      ], ["hidden_size": .int(5)], outputs: 2, domain: "com.microsoft")
  }

  private mutating func addWindows() throws {
    let x = try floats([1, 4, 5, 5])
    let window: [String: Attribute.Value] = [
      "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "dilations": .ints([1, 1]), "pads": .ints([1, 1, 1, 1]),
    ]
    func with(_ more: [String: Attribute.Value]) -> [String: Attribute.Value] { window.merging(more) { $1 } }
    add("Conv", [x, try floats([6, 2, 3, 3]), try floats([6])], with(["group": .int(2)]))
    add("ConvTranspose", [x, try floats([4, 3, 3, 3]), try floats([6])], with(["group": .int(2)]))
    add("ConvTranspose", [x, try floats([4, 3, 3, 3])], ["output_shape": .ints([9, 9]), "strides": .ints([2, 2])])
    add("ConvInteger", [try bytes([1, 4, 5, 5]), try bytes([6, 4, 3, 3]), try bytes([])], window)
    let (one, zero) = (try Tensor([Float(0.5)], shape: []), try bytes([]))
    add(
      "QLinearConv", [try bytes([1, 4, 5, 5]), one, zero, try bytes([6, 4, 3, 3]), one, zero, one, zero], window)
    add("MaxPool", [x], with(["ceil_mode": .int(1), "storage_order": .int(0)]), outputs: 2)
    add("AveragePool", [x], with(["ceil_mode": .int(1), "count_include_pad": .int(1)]))
    add("LpPool", [x], with(["p": .int(2)]))
    add(
      "MaxUnpool", [try floats([1, 1, 2, 2]), try ints([0, 3, 8, 10], [1, 1, 2, 2])],
      ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    add(
      "Col2Im", [try floats([1, 4, 4]), try ints([3, 3]), try ints([2, 2])],
      ["strides": .ints([1, 1]), "dilations": .ints([1, 1]), "pads": .ints([0, 0, 0, 0])])
    add(
      "DeformConv",
      [
        try floats([1, 4, 5, 5]), try floats([6, 2, 3, 3]), try floats([1, 36, 3, 3]), try floats([6]),
        try floats([1, 18, 3, 3]),
      ], with(["group": .int(2), "offset_group": .int(2)]))
  }

  private mutating func addGenerators() throws {
    add("Range", [try ints([0], []), try ints([9], []), try ints([2], [])])
    add(
      "Range",
      [try Tensor([Float(0)], shape: []), try Tensor([Float(9)], shape: []), try Tensor([Float(2)], shape: [])])
    for name in ["RandomNormal", "RandomUniform"] { add(name, [], ["shape": .ints([2, 3]), "dtype": .int(1)]) }
    for name in ["RandomNormalLike", "RandomUniformLike", "Bernoulli"] {
      add(name, [try floats([2, 3])], ["dtype": .int(1)])
    }
    add("Multinomial", [try floats([2, 3])], ["sample_size": .int(4), "dtype": .int(6)])
    for name in ["HannWindow", "HammingWindow", "BlackmanWindow"] {
      add(name, [try ints([10], [])], ["periodic": .int(1), "output_datatype": .int(1)])
    }
    add(
      "MelWeightMatrix",
      [
        try ints([4], []), try ints([16], []), try ints([8000], []), try Tensor([Float(0)], shape: []),
        try Tensor([Float(4000)], shape: []),
      ], ["output_datatype": .int(1)])
  }

  private mutating func addSignals() throws {
    for length: Int64 in [12, 67] {
      add("DFT", [try floats([1, 12, 2]), try ints([length], []), try ints([1], [])], ["onesided": .int(1)])
    }
    add("DFT", [try floats([1, 12, 1])], ["axis": .int(1), "inverse": .int(0)], opset: 17)
    add("STFT", [try floats([1, 12, 1]), try ints([3], []), try floats([6])], ["onesided": .int(1)])
    add("STFT", [try floats([1, 12, 1]), try ints([3], []), nil, try ints([6], [])])
    add("AffineGrid", [try floats([1, 2, 3]), try ints([1, 2, 3, 4])], ["align_corners": .int(1)])
    for mode in ["linear", "cubic", "nearest"] {
      add("GridSample", [try floats([1, 2, 3, 4]), try floats([1, 2, 2, 2])], ["mode": .string(Array(mode.utf8))])
    }
  }

  private mutating func addVision() throws {
    let boxes = try Tensor([Float](arrayLiteral: 0, 0, 4, 4, 1, 1, 5, 5), shape: [2, 4])
    add(
      "RoiAlign", [try floats([1, 2, 6, 6]), boxes, try ints([0, 0])],
      ["output_height": .int(2), "output_width": .int(3), "sampling_ratio": .int(2), "spatial_scale": .float(1)])
    add(
      "MaxRoiPool",
      [try floats([1, 2, 6, 6]), try Tensor([Float](arrayLiteral: 0, 0, 0, 4, 4), shape: [1, 5])],
      ["pooled_shape": .ints([2, 3]), "spatial_scale": .float(1)])
    add(
      "NonMaxSuppression",
      [try boxes.reshaped([1, 2, 4]), try floats([1, 3, 2]), try ints([2]), try Tensor([Float(0.5)], shape: [1])],
      ["center_point_box": .int(0)])
    let domain = "zoo.vision"
    add(
      "ClassNonMaxSuppression", [boxes, try floats([2, 3]), try ints([2])],
      ["max_detections": .int(3), "iou_threshold": .float(0.5)], outputs: 4, domain: domain)
    add("ExpandBoxes", [boxes], ["scale": .float(2), "padding": .float(1)], domain: domain)
    add("ApplyBoxRegression", [boxes, try floats([2, 12]), try floats([1, 3, 6, 6])], domain: domain)
    add(
      "SelectiveSearch", [try floats([1, 3, 12, 12])], ["max_boxes": .int(10), "min_size": .int(4), "k": .float(10)],
      outputs: 2, domain: domain)
  }

  private mutating func addAttention() throws {
    add(
      "CausalConvWithState", [try floats([2, 3, 5]), try floats([3, 1, 4]), try floats([3]), try floats([2, 3, 3])],
      ["activation": .string(Array("silu".utf8))], outputs: 2, opset: 27)
    for (rule, width) in [("gated", 8), ("gated_delta", 2)] {
      add(
        "LinearAttention",
        [
          try floats([2, 3, 16]), try floats([2, 3, 8]), try floats([2, 3, 10]), try floats([2, 2, 4, 5]),
          try floats([2, 3, width]), try floats([2, 3, 1]),
        ],
        [
          "q_num_heads": .int(4), "kv_num_heads": .int(2), "scale": .float(0.5), "chunk_size": .int(2),
          "update_rule": .string(Array(rule.utf8)),
        ], outputs: 2, opset: 27)
    }
    add(
      "RotaryEmbedding",
      [try floats([2, 3, 16]), try floats([5, 4]), try floats([5, 4]), try ints([0, 1, 4, 3, 2, 1], [2, 3])],
      ["num_heads": .int(2), "rotary_embedding_dim": .int(8), "interleaved": .int(1)])
    // A picture of one black pixel.
    let pixel = Array("P6 1 1 255 ".utf8) + [0, 0, 0]
    add(
      "ImageDecoder", [try Tensor(pixel, shape: [pixel.count])], ["pixel_format": .string(Array("BGR".utf8))])
  }

  private mutating func addTraining() throws {
    let x = try floats([2, 4, 3])
    let targets = try ints([0, 3, 1, -1, 2, 1], [2, 3])
    for name in ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"] {
      for reduction in ["none", "mean"] {
        add(
          name, [x, targets, try floats([4])],
          ["reduction": .string(Array(reduction.utf8)), "ignore_index": .int(-1)],
          outputs: name.hasPrefix("Softmax") ? 2 : 1)
      }
    }
    let channels = try floats([4])
    add(
      "BatchNormalization", [x, channels, channels, channels, channels],
      ["training_mode": .int(1), "momentum": .float(0.5), "epsilon": .float(2)], outputs: 3)
    add(
      "Dropout", [x, try Tensor([Float(0.5)], shape: []), try Tensor([true], shape: [])], ["seed": .int(7)], outputs: 2)
    add("SwiGLU", [x, x], ["alpha": .float(2)], opset: 28)
    let domain = "ai.onnx.preview.training"
    let step = [try Tensor([Float(0.5)], shape: []), try ints([3], [])]
    let (epsilon, norm) = (Attribute.Value.float(1), Attribute.Value.float(0.5))
    add(
      "Adagrad", step + Array(repeating: x, count: 6),
      ["epsilon": epsilon, "norm_coefficient": norm, "decay_factor": .float(1)], outputs: 4, domain: domain)
    add(
      "Adam", step + Array(repeating: x, count: 4),
      ["alpha": .float(0.5), "epsilon": epsilon, "norm_coefficient": norm],
      outputs: 3, domain: domain)
    add(
      "Momentum", step + Array(repeating: x, count: 3),
      [
        "alpha": .float(0.5), "beta": .float(0.5), "norm_coefficient": norm,
        "mode": .string(Array("nesterov".utf8)),
      ], outputs: 2, domain: domain)
  }

  private mutating func addMachines() throws {
    let domain = "ai.onnx.ml"
    let x = try floats([2, 3])
    let coefficients = Attribute.Value.floats([1, 2, 3, 4, 5, 6])
    let kernel: [String: Attribute.Value] = [
      "kernel_type": .string(Array("RBF".utf8)), "kernel_params": .floats([0.5, 0, 0]), "rho": .floats([0.5]),
      "support_vectors": coefficients, "coefficients": .floats([1, -1]),
    ]
    add(
      "LinearClassifier", [x],
      ["coefficients": coefficients, "intercepts": .floats([0, 1]), "classlabels_ints": .ints([3, 4])], outputs: 2,
      domain: domain)
    add("LinearRegressor", [x], ["coefficients": coefficients, "targets": .int(2)], domain: domain)
    add("Scaler", [x], ["offset": .floats([1]), "scale": .floats([1, 2, 3])], domain: domain)
    add("Normalizer", [try ints([1, 2, 3, 4], [2, 2])], ["norm": .string(Array("L2".utf8))], domain: domain)
    add("SVMRegressor", [x], kernel.merging(["n_supports": .int(2), "one_class": .int(0)]) { $1 }, domain: domain)
    add(
      "SVMClassifier", [x],
      kernel.merging(["vectors_per_class": .ints([1, 1]), "classlabels_ints": .ints([3, 4])]) { $1 }, outputs: 2,
      domain: domain)
  }

  /// A tree of two comparisons and three leaves, as lists of attributes.
  private func tree(_ votes: String) -> [String: Attribute.Value] {
    func texts(_ names: [String]) -> Attribute.Value { .strings(names.map { Array($0.utf8) }) }
    return [
      "nodes_treeids": .ints([0, 0, 0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2, 3, 4]),
      "nodes_featureids": .ints([0, 1, 0, 0, 0]), "nodes_values": .floats([0.2, -0.1, 0, 0, 0]),
      "nodes_modes": texts(["BRANCH_LEQ", "BRANCH_LT", "LEAF", "LEAF", "LEAF"]),
      "nodes_truenodeids": .ints([1, 2, 0, 0, 0]), "nodes_falsenodeids": .ints([4, 3, 0, 0, 0]),
      "nodes_missing_value_tracks_true": .ints([1, 0, 0, 0, 0]),
      "\(votes)_treeids": .ints([0, 0, 0]), "\(votes)_nodeids": .ints([2, 3, 4]), "\(votes)_ids": .ints([0, 1, 0]),
      "\(votes)_weights": .floats([0.5, 1, -2]), "base_values": .floats([0.5, 1]),
      "post_transform": .string(Array("SOFTMAX".utf8)),
    ]
  }

  private mutating func addTrees() throws {
    let domain = "ai.onnx.ml"
    let x = try floats([2, 3])
    add(
      "TreeEnsembleRegressor", [x],
      tree("target").merging(["n_targets": .int(2), "aggregate_function": .string(Array("AVERAGE".utf8))]) { $1 },
      domain: domain)
    add(
      "TreeEnsembleClassifier", [x], tree("class").merging(["classlabels_int64s": .ints([7, 8])]) { $1 }, outputs: 2,
      opset: 3, domain: domain)
    add(
      "TreeEnsemble", [x],
      [
        "tree_roots": .ints([0]), "nodes_featureids": .ints([0, 1]),
        "nodes_splits": .tensor(NamedTensor(name: "", tensor: StoredTensor(try Tensor([Float(0.2), 0], shape: [2])))),
        "nodes_modes": .tensor(NamedTensor(name: "", tensor: StoredTensor(try Tensor([UInt8(0), 6], shape: [2])))),
        "membership_values": .tensor(
          NamedTensor(name: "", tensor: StoredTensor(try Tensor([Float(1), 2, .nan], shape: [3])))),
        "nodes_truenodeids": .ints([1, 0]), "nodes_trueleafs": .ints([0, 1]),
        "nodes_falsenodeids": .ints([2, 1]), "nodes_falseleafs": .ints([1, 1]),
        "nodes_missing_value_tracks_true": .ints([1, 0]), "leaf_targetids": .ints([0, 1, 0]),
        "leaf_weights": .tensor(NamedTensor(name: "", tensor: StoredTensor(try Tensor([Float(1), 2, 3], shape: [3])))),
        "n_targets": .int(2),
        "aggregate_function": .int(1), "post_transform": .int(0),
      ], opset: 5, domain: domain)
  }

  private mutating func addEncoders() throws {
    let domain = "ai.onnx.ml"
    let texts = Attribute.Value.strings(["a", "b", "a"].map { Array($0.utf8) })
    let words = try Tensor(strings: ["a", "c"].map { Array($0.utf8) }, shape: [1, 2])
    add(
      "LabelEncoder", [words],
      ["keys_strings": texts, "values_int64s": .ints([3, 4, 5]), "default_int64": .int(9)], opset: 4, domain: domain)
    add("LabelEncoder", [try ints([0, 5])], ["classes_strings": texts], domain: domain)
    add("OneHotEncoder", [try ints([1, 5])], ["cats_int64s": .ints([1, 2]), "zeros": .int(1)], domain: domain)
    add("CategoryMapper", [words], ["cats_strings": texts, "cats_int64s": .ints([1, 2, 3])], domain: domain)
    add("ZipMap", [try floats([2, 3])], ["classlabels_strings": texts], domain: domain)
    add("Binarizer", [try floats([2, 3])], ["threshold": .float(0.5)], domain: domain)
    add(
      "Imputer", [try floats([2, 3])],
      ["imputed_value_floats": .floats([1, 2, 3]), "replaced_value_float": .float(0)], domain: domain)
    add(
      "FeatureVectorizer", [try ints([1, 2], [2, 1]), try ints([1, 2, 3, 4], [2, 2])],
      ["inputdimensions": .ints([1, 2])], domain: domain)
  }

  private mutating func addTexts() throws {
    let words = try Tensor(strings: ["a b", "c", ""].map { Array($0.utf8) }, shape: [3])
    let pattern = Attribute.Value.string(Array("[a-z]+( b|$)".utf8))
    add("StringConcat", [words, words])
    add("StringSplit", [words], ["maxsplit": .int(2), "delimiter": .string(Array(" ".utf8))], outputs: 2)
    add(
      "StringNormalizer", [words],
      [
        "stopwords": .strings([Array("c".utf8)]), "is_case_sensitive": .int(1),
        "case_change_action": .string(Array("UPPER".utf8)),
      ])
    add("RegexFullMatch", [words], ["pattern": pattern])
    add(
      "TfIdfVectorizer", [try ints([1, 2, 1, 2, 3])],
      [
        "mode": .string(Array("TFIDF".utf8)), "min_gram_length": .int(1), "max_gram_length": .int(2),
        "max_skip_count": .int(1), "ngram_counts": .ints([0, 2]), "ngram_indexes": .ints([0, 2, 1]),
        "pool_int64s": .ints([1, 2, 1, 2]), "weights": .floats([1, 2, 3]),
      ])
    add(
      "Tokenizer", [words],
      ["tokenexp": pattern, "mark": .int(1), "mincharnum": .int(1), "pad_value": .string([])], domain: "com.microsoft")
  }
}
