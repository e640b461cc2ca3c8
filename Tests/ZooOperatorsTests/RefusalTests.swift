import Testing
import ZooCore
import ZooOperators

/// Nodes that ONNX's specification does not allow are refused as bad data.
struct RefusalTests {
  private static let cases: [(text: String, operator: String, attributes: [Attribute], inputs: [[Int]?])] = [
    ("can't be multiplied", "MatMul", [], [[2, 3], [4, 5]]),
    ("don't broadcast", "MatMul", [], [[2, 1, 3], [3, 3, 5]]),
    ("scalars", "MatMul", [], [[], [4]]),
    ("transposed does not fit", "Gemm", [Attribute("transA", .int(1))], [[2, 3], [3, 4]]),
    ("rank 2", "Gemm", [], [[1, 2, 3], [3, 4]]),
    ("C of shape", "Gemm", [], [[2, 3], [3, 4], [3]]),
    ("square", "Det", [], [[3, 4]]),
    ("equation is missing", "Einsum", [], [[2]]),
    ("2 terms for 1", "Einsum", [.text("equation", "ij,jk")], [[2, 3]]),
    ("3 and 4 long", "Einsum", [.text("equation", "ij,jk")], [[2, 3], [4, 5]]),
    ("two ellipses", "Einsum", [.text("equation", "...i...")], [[2, 3]]),
    ("names a dimension twice", "Einsum", [.text("equation", "i->ii")], [[2]]),
    ("that no operand has", "Einsum", [.text("equation", "i->j")], [[2]]),
    ("no term", "Einsum", [.text("equation", "i2")], [[2, 2]]),
    ("doesn't fit an operand", "Einsum", [.text("equation", "ij")], [[2]]),
    ("axis", "ArgMax", [Attribute("axis", .int(2))], [[2, 3]]),
    ("empty", "ArgMin", [], [[0, 3]]),
    ("occurs twice", "ReduceMax", [.ints("axes", [0, -2])], [[2, 3]]),
    ("axis", "Softmax", [Attribute("axis", .int(-3))], [[2, 3]]),
    ("reduction", "SoftmaxCrossEntropyLoss", [.text("reduction", "all")], [[2, 3], [2]]),
    ("targets", "NegativeLogLikelihoodLoss", [], [[2, 3], [3]]),
    ("weights", "NegativeLogLikelihoodLoss", [], [[2, 3], [2], [2]]),
    ("q_num_heads", "Attention", [], [[1, 2, 8], [1, 2, 8], [1, 2, 8]]),
    ("sizes of heads", "Attention", [], [[1, 2, 3, 8], [1, 2, 3, 9], [1, 2, 3, 8]]),
    ("shared out", "Attention", [], [[1, 3, 3, 8], [1, 2, 3, 8], [1, 2, 3, 8]]),
    ("batches", "Attention", [], [[1, 2, 3, 8], [2, 2, 3, 8], [2, 2, 3, 8]]),
    ("past_value", "Attention", [], [[1, 2, 3, 8], [1, 2, 3, 8], [1, 2, 3, 8], nil, [1, 2, 1, 8]]),
    ("a mask of shape", "Attention", [], [[1, 2, 3, 8], [1, 2, 3, 8], [1, 2, 3, 8], [2, 3]]),
    ("left_window_size", "Attention", [Attribute("left_window_size", .int(-2))], [[1, 2, 3, 8]]),
    ("num_heads", "RotaryEmbedding", [], [[1, 2, 8], [1, 2, 4], [1, 2, 4]]),
    ("direction", "LSTM", [.text("direction", "up")], [[3, 1, 2], [1, 16, 2], [1, 16, 4]]),
    ("R is of shape", "LSTM", [Attribute("hidden_size", .int(5))], [[3, 1, 2], [1, 20, 2], [1, 16, 4]]),
    ("W is of shape", "GRU", [], [[3, 1, 2], [1, 12, 3], [1, 12, 4]]),
    ("B is of shape", "RNN", [], [[3, 1, 2], [1, 4, 2], [1, 4, 4], [1, 4]]),
    (
      "1 activations", "GRU", [Attribute("activations", .strings([Array("Tanh".utf8)]))],
      [[3, 1, 2], [1, 12, 2], [1, 12, 4]]
    ),
    ("scales of shape", "QuantizeLinear", [], [[2, 3], [2]]),
    ("zero points", "DequantizeLinear", [], [[2, 3], [3], [2]]),
    ("blocks of 2", "QuantizeLinear", [Attribute("block_size", .int(2))], [[2, 3], [2, 3]]),
    ("does not fit", "Conv", [], [[1, 1, 2, 2], [1, 1, 3, 3]]),
    ("channels", "Conv", [], [[1, 4, 5], [2, 3, 1]]),
    ("can't be split", "Conv", [Attribute("group", .int(2))], [[1, 2, 5], [3, 1, 1]]),
    ("group is 0", "Conv", [Attribute("group", .int(0))], [[1, 2, 5], [3, 2, 1]]),
    ("rank", "Conv", [], [[1, 2], [3, 2]]),
    ("the bias", "Conv", [], [[1, 1, 5], [2, 1, 3], [3]]),
    ("kernel_shape", "Conv", [Attribute("kernel_shape", .ints([2]))], [[1, 1, 5], [2, 1, 3]]),
    ("strides has 1 values", "Conv", [Attribute("strides", .ints([1]))], [[1, 1, 5, 5], [2, 1, 3, 3]]),
    ("strides holds 0", "Conv", [Attribute("strides", .ints([0]))], [[1, 1, 5], [2, 1, 3]]),
    ("auto_pad", "Conv", [Attribute("auto_pad", .string(Array("SAME".utf8)))], [[1, 1, 5], [2, 1, 3]]),
    ("out of range", "Conv", [], [[1, 1, 1 << 40], [2, 1, 3]]),
    ("don't fit weights", "ConvTranspose", [], [[1, 3, 5], [2, 1, 3]]),
    ("leave nothing", "ConvTranspose", [Attribute("pads", .ints([9, 9]))], [[1, 1, 5], [1, 1, 3]]),
    ("output_shape", "ConvTranspose", [Attribute("output_shape", .ints([-1]))], [[1, 1, 5], [1, 1, 3]]),
    ("beyond", "ConvTranspose", [Attribute("output_shape", .ints([1 << 30]))], [[1, 1, 5], [1, 1, 3]]),
    ("input 2", "DeformConv", [], [[1, 1, 5, 5], [1, 1, 3, 3], [1, 17, 3, 3]]),
    ("kernel_shape is missing", "MaxPool", [], [[1, 1, 5]]),
    ("as large as the kernel", "MaxPool", [.ints("kernel_shape", [2]), .ints("pads", [2, 0])], [[1, 1, 5]]),
    ("does not fit", "AveragePool", [.ints("kernel_shape", [9])], [[1, 1, 5]]),
    ("no norm", "LpPool", [.ints("kernel_shape", [2]), Attribute("p", .int(0))], [[1, 1, 5]]),
    ("no channels", "GlobalMaxPool", [], [[3]]),
    ("int64", "MaxUnpool", [.ints("kernel_shape", [2])], [[1, 1, 5], [1, 1, 5]]),
    ("either scales or sizes", "Resize", [], [[1, 1, 5]]),
    ("mode", "Resize", [Attribute("mode", .string(Array("fast".utf8)))], [[1, 1, 5], nil, [3]]),
    ("grid", "GridSample", [], [[1, 1, 5, 5], [1, 2, 2, 3]]),
    ("matrices", "AffineGrid", [], [[1, 3, 3], [5]]),
    ("no channels", "LRN", [Attribute("size", .int(3))], [[5]]),
    ("size", "LRN", [Attribute("size", .int(0))], [[1, 5]]),
    ("input 3", "BatchNormalization", [], [[1, 4, 2], [4], [4], [3], [4]]),
    ("input 4 is missing", "BatchNormalization", [], [[1, 4, 2], [4], [4], [4]]),
    ("input 1", "LayerNormalization", [], [[2, 4], [3]]),
    ("axis", "LayerNormalization", [Attribute("axis", .int(2))], [[2, 4], [4]]),
    ("broadcast", "RMSNormalization", [], [[2, 4], [2, 4]]),
    ("groups", "GroupNormalization", [Attribute("num_groups", .int(3))], [[1, 4, 2], [4], [4]]),
    ("the scale", "InstanceNormalization", [], [[1, 4, 2], [3], [4]]),
    ("occurs twice", "MeanVarianceNormalization", [.ints("axes", [0, -2])], [[2, 4]]),
    ("p is 3", "LpNormalization", [Attribute("p", .int(3))], [[2, 4]]),
    ("real and imaginary part", "DFT", [], [[2, 4, 3]]),
    ("frames of", "STFT", [], [[1, 4, 1], [], [5]]),
    ("regions", "RoiAlign", [], [[1, 2, 4, 4], [3, 5], [3]]),
    ("batch indices", "RoiAlign", [], [[1, 2, 4, 4], [3, 4], [2]]),
    ("pooled_shape", "MaxRoiPool", [], [[1, 2, 4, 4], [3, 5]]),
    ("scores", "NonMaxSuppression", [], [[1, 5, 4], [1, 2, 6]]),
  ]

  /// Types are told apart by the schemas of all versions, those of outputs by what attributes say.
  @Test func typesThatNoVersionAllows() throws {
    func infer(_ name: String, _ types: [ElementType], _ attributes: [Attribute] = [], opset: Int64 = 25) throws {
      let node = Node(name, inputs: types.indices.map { "x\($0)" }, outputs: ["y"], attributes: attributes)
      _ = try #require(OperatorCatalogue.declaration(name)).infer(
        Inference(node, opset: opset, inputs: types.map { ValueFacts($0, [2]) }))
    }
    // A type that came with a later version is left to kernels.
    try infer("Relu", [.bfloat16], opset: 7)
    try infer("Dropout", [.float32], opset: 12)
    // So are other numbers of elementwise operators.
    try infer("Sum", [.int32, .int32])
    let integers = [Attribute("output_dtype", .int(6)), Attribute("axis", .int(0))]
    for (text, wrong) in [
      ("input 0 is int64, which", { try infer("LpNormalization", [.int64]) }),
      ("input 1 is missing", { try infer("GatherElements", [.float32]) }),
      ("input 0 is string", { try infer("Add", [.string, .string]) }),
      ("input 1 is float32", { try infer("GatherElements", [.float32, .float32]) }),
      ("output 0 is int32", { try infer("DequantizeLinear", [.int8, .float32], integers) }),
    ] as [(String, () throws -> Void)] {
      let error = #expect(throws: ZooError.self) { try wrong() }
      #expect(error?.kind == .badData && error?.message.contains(text) == true, "\(error as Any)")
    }
  }

  @Test func statisticsOfEachPosition() throws {
    let node = Node(
      "BatchNormalization", inputs: (0..<5).map { "x\($0)" }, outputs: ["y"],
      attributes: [Attribute("spatial", .int(0))])
    let declaration = try #require(OperatorCatalogue.declaration("BatchNormalization"))
    for (shape, isRight) in [([3, 4], true), ([3], false), ([4, 3], false)] {
      let inputs = [ValueFacts(.float32, [2, 3, 4])] + (0..<4).map { _ in ValueFacts(.float32, shape) }
      let facts = try? declaration.infer(Inference(node, opset: 7, inputs: inputs))
      #expect((facts != nil) == isRight)
    }
  }

  @Test(arguments: cases.indices) func refused(_ index: Int) throws {
    let (text, name, attributes, inputs) = Self.cases[index]
    let node = Node(
      name, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" }, outputs: ["y"], attributes: attributes)
    let declaration = try #require(OperatorCatalogue.declaration(name))
    let error = #expect(throws: ZooError.self) {
      try declaration.infer(Inference(node, opset: 23, inputs: inputs.map { $0.map { ValueFacts(.float32, $0) } }))
    }
    #expect(error?.kind == .badData && error?.message.contains(text) == true, "\(error?.message ?? "")")
  }
}

extension Attribute {
  fileprivate static func text(_ name: String, _ value: String) -> Attribute {
    Attribute(name, .string(Array(value.utf8)))
  }

  fileprivate static func ints(_ name: String, _ values: [Int64]) -> Attribute { Attribute(name, .ints(values)) }
}
