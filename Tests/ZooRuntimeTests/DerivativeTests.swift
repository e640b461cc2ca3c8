import CZooPlugin
import ConvPlugin
import StandardPlugin
import TestSupport
import Testing
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooRuntime

/// A node of an operator with a derivative.
struct DerivativeCase {
  enum Input {
    /// Random numbers, by which the derivative is taken.
    case x([Int], ClosedRange<Double>)
    case constant(Tensor)
    case none
  }

  var type: String
  var inputs: [Input]
  var attributes: [Attribute] = []
  var outputs = 1
  var opset: Int64 = 22
}

extension DerivativeCase.Input {
  static func x(_ shape: Int..., in range: ClosedRange<Double> = -2...2) -> Self { .x(shape, range) }

  static func integers(_ numbers: Int64..., shape: [Int]? = nil) throws -> Self {
    .constant(try Tensor(numbers, shape: shape ?? [numbers.count]))
  }

  static func number(_ number: Double) throws -> Self { .constant(try Tensor([number], shape: [])) }
}

/// Cases for each operator; a few numbers each, for every element costs two runs.
let derivativeCases: [DerivativeCase] = {
  func ints(_ name: String, _ values: Int64...) -> Attribute { Attribute(name, .ints(values)) }
  func int(_ name: String, _ value: Int64) -> Attribute { Attribute(name, .int(value)) }
  func float(_ name: String, _ value: Float) -> Attribute { Attribute(name, .float(value)) }
  func functions() -> [DerivativeCase] {
    let anywhere = [
      "Abs", "Asinh", "Atan", "Ceil", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid",
      "HardSwish", "Identity", "LeakyRelu", "Mish", "Neg", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin",
      "Sinh", "Softplus", "Softsign", "Swish", "Tanh", "ThresholdedRelu", "Hardmax", "Softmax", "LogSoftmax",
      "Transpose", "Flatten", "Clip", "Dropout",
    ].map { DerivativeCase(type: $0, inputs: [.x(2, 5, in: -4...4)]) }
    let within: [(String, ClosedRange<Double>)] = [
      ("Acos", -0.9...0.9), ("Asin", -0.9...0.9), ("Atanh", -0.9...0.9), ("Acosh", 1.2...3), ("Log", 0.3...3),
      ("Sqrt", 0.3...3), ("Reciprocal", 0.3...3), ("Tan", -1...1),
    ]
    let reductions = [
      "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
      "ReduceSum", "ReduceSumSquare",
    ].flatMap { type -> [DerivativeCase] in
      let range = type == "ReduceLogSum" ? 0.2...2 : -2...2.0
      return [
        DerivativeCase(type: type, inputs: [.x(2, 3, in: range)]),
        DerivativeCase(type: type, inputs: [.x(2, 3, in: range)], attributes: [int("keepdims", 0)]),
        DerivativeCase(
          type: type, inputs: [.x(2, 3, 2, in: range)], attributes: [ints("axes", -1, 0), int("keepdims", 0)], opset: 11
        ),
        DerivativeCase(
          type: type, inputs: [.x(2, 3, in: range)], attributes: [ints("axes", 1)], opset: 11),
      ]
    }
    return anywhere + within.map { DerivativeCase(type: $0, inputs: [.x([6], $1)]) } + reductions
  }
  func arithmetic() throws -> [DerivativeCase] {
    let two = ["Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean"].flatMap { type in
      [
        DerivativeCase(type: type, inputs: [.x(2, 3), .x(2, 3)]),
        DerivativeCase(type: type, inputs: [.x(2, 1, 3), .x(2, 1)]),
        DerivativeCase(type: type, inputs: [.x(), .x(3)]),
      ]
    }
    let byAttributes = ["Add", "Sub", "Mul"].map {
      DerivativeCase(
        type: $0, inputs: [.x(2, 3, 2), .x(3)], attributes: [int("broadcast", 1), int("axis", 1)], opset: 6)
    }
    return try two + byAttributes + [
      DerivativeCase(type: "Sum", inputs: [.x(2), .x(2), .x(1)]), DerivativeCase(type: "Max", inputs: [.x(4)]),
      DerivativeCase(type: "Max", inputs: [.x(4), .x(4), .x(1)]),
      DerivativeCase(type: "Div", inputs: [.x(2, 3), .x(3, in: 0.5...2)]),
      DerivativeCase(type: "Mod", inputs: [.x(2, 3, in: -7...7), .x(3, in: 1...2)], attributes: [int("fmod", 1)]),
      DerivativeCase(type: "Pow", inputs: [.x(2, 3, in: 0.4...2), .x(3, in: -1...3)]),
      DerivativeCase(type: "Pow", inputs: [.x(2, 3), .integers(0, 1, 3)]),
      DerivativeCase(type: "Pow", inputs: [.constant(Tensor([0, 2] as [Double], shape: [2])), .x(2, in: 1...3)]),
      DerivativeCase(
        type: "Where", inputs: [.constant(Tensor([true, false, true], shape: [3])), .x(2, 3), .x(2, 1)]),
      DerivativeCase(type: "PRelu", inputs: [.x(2, 3), .x(3)]),
      DerivativeCase(type: "Clip", inputs: [.x(7), .x(in: -1...0), .x(in: 0.5...1)]),
      DerivativeCase(type: "Clip", inputs: [.x(7), .none, .x(in: -1...0)]),
      DerivativeCase(type: "Clip", inputs: [.x(7)], attributes: [float("min", -1)], opset: 10),
      DerivativeCase(type: "Gelu", inputs: [.x(5)], attributes: [.text("approximate", "tanh")]),
      DerivativeCase(type: "SwiGLU", inputs: [.x(2, 3), .x(2, 3)], opset: 28),
      DerivativeCase(type: "CastLike", inputs: [.x(4), .number(1)]),
      DerivativeCase(type: "Cast", inputs: [.x(4)], attributes: [int("to", 11)]),
      DerivativeCase(type: "Softmax", inputs: [.x(2, 2, 3)], attributes: [int("axis", 1)], opset: 11),
      DerivativeCase(type: "Softmax", inputs: [.x(2, 3)], attributes: [int("axis", 0)]),
      DerivativeCase(type: "CumSum", inputs: [.x(2, 3), .integers(1, shape: [])]),
      DerivativeCase(
        type: "CumSum", inputs: [.x(2, 3), .integers(0, shape: [])],
        attributes: [int("exclusive", 1), int("reverse", 1)]
      ),
    ]
  }
  func products() -> [DerivativeCase] {
    let shapes: [([Int], [Int])] = [
      ([2, 3], [3, 2]), ([3], [3]), ([3], [3, 2]), ([2, 3], [3]), ([2, 1, 3], [2, 3, 2]), ([2, 2, 3], [3, 2]),
      ([3], [2, 3, 2]), ([2, 1, 2, 3], [2, 3, 1]),
    ]
    let gemms: [(Int64, Int64, [Int]?)] = [(0, 0, [2]), (1, 0, [2, 1]), (0, 1, []), (1, 1, nil)]
    return shapes.map { DerivativeCase(type: "MatMul", inputs: [.x($0, -1...1), .x($1, -1...1)]) }
      + gemms.map { a, b, c in
        DerivativeCase(
          type: "Gemm",
          inputs: [.x(a == 1 ? [3, 2] : [2, 3], -1...1), .x(b == 1 ? [2, 3] : [3, 2], -1...1)]
            + (c.map { [.x($0, -1...1)] } ?? []),
          attributes: [int("transA", a), int("transB", b), float("alpha", 0.5), float("beta", 2)])
      }
  }
  func shapes() throws -> [DerivativeCase] {
    try [
      DerivativeCase(type: "Transpose", inputs: [.x(2, 1, 3)], attributes: [ints("perm", 1, 2, 0)]),
      DerivativeCase(type: "Reshape", inputs: [.x(2, 3), .integers(3, -1)]),
      DerivativeCase(type: "Squeeze", inputs: [.x(2, 1, 2), .integers(1)]),
      DerivativeCase(type: "Unsqueeze", inputs: [.x(2, 2), .integers(0, 3)]),
      DerivativeCase(type: "Expand", inputs: [.x(3, 1), .integers(2, 1, 2)]),
      DerivativeCase(type: "Concat", inputs: [.x(2, 1), .x(2, 3)], attributes: [int("axis", -1)]),
      DerivativeCase(type: "Split", inputs: [.x(2, 5), .integers(2, 3)], attributes: [int("axis", 1)], outputs: 2),
      DerivativeCase(
        type: "Split", inputs: [.x(5)], attributes: [int("num_outputs", 2)], outputs: 2),
      DerivativeCase(type: "Tile", inputs: [.x(2, 1), .integers(2, 3)]),
      DerivativeCase(type: "Slice", inputs: [.x(3, 4), .integers(-1, 1), .integers(-9, 4), .none, .integers(-2, 2)]),
      DerivativeCase(type: "Gather", inputs: [.x(3, 2), .integers(2, -1, 0)]),
      DerivativeCase(type: "GatherElements", inputs: [.x(2, 2), .integers(0, 0, 1, 0, shape: [2, 2])]),
      DerivativeCase(type: "GatherND", inputs: [.x(2, 2), .integers(0, 1, 0, 1, shape: [2, 2])]),
      DerivativeCase(
        type: "ScatterElements", inputs: [.x(2, 3), .integers(2, 0, shape: [2, 1]), .x(2, 1)],
        attributes: [int("axis", 1)]),
      DerivativeCase(
        type: "ScatterElements", inputs: [.x(2, 3), .integers(0, 0, 1, shape: [1, 3]), .x(1, 3)],
        attributes: [.text("reduction", "add")]),
      DerivativeCase(type: "Scatter", inputs: [.x(3), .integers(1), .x(1)], opset: 10),
      DerivativeCase(type: "ScatterND", inputs: [.x(3, 2), .integers(2, 0, shape: [2, 1]), .x(2, 2)]),
      DerivativeCase(type: "Compress", inputs: [.x(4), .constant(Tensor([true, false, true], shape: [3]))]),
      DerivativeCase(type: "DepthToSpace", inputs: [.x(1, 4, 1, 2)], attributes: [int("blocksize", 2)]),
      DerivativeCase(type: "SpaceToDepth", inputs: [.x(1, 1, 2, 4)], attributes: [int("blocksize", 2)]),
      DerivativeCase(type: "ReverseSequence", inputs: [.x(3, 2), .integers(2, 3)]),
      DerivativeCase(type: "Trilu", inputs: [.x(3, 3), .integers(1, shape: [])], attributes: [int("upper", 0)]),
      DerivativeCase(type: "Pad", inputs: [.x(2, 3), .integers(1, -1, 0, 2), .x()]),
      DerivativeCase(type: "Pad", inputs: [.x(2, 3), .integers(1, 2), .none, .integers(1)]),
      DerivativeCase(type: "Pad", inputs: [.x(4), .integers(2, 1)], attributes: [.text("mode", "reflect")]),
      DerivativeCase(type: "Pad", inputs: [.x(4)], attributes: [ints("pads", 2, 1)], opset: 10),
      DerivativeCase(type: "TopK", inputs: [.x(2, 4), .integers(2)], outputs: 1),
    ]
  }
  func normalizations() throws -> [DerivativeCase] {
    try [
      DerivativeCase(type: "LayerNormalization", inputs: [.x(2, 3), .x(3), .x(3)]),
      DerivativeCase(type: "LayerNormalization", inputs: [.x(2, 2, 2), .x(2, 2)], attributes: [int("axis", 1)]),
      DerivativeCase(type: "RMSNormalization", inputs: [.x(2, 3), .x(3)], opset: 23),
      DerivativeCase(type: "InstanceNormalization", inputs: [.x(2, 2, 3), .x(2), .x(2)]),
      DerivativeCase(
        type: "GroupNormalization", inputs: [.x(1, 4, 2), .x(4), .x(4)], attributes: [int("num_groups", 2)]),
      DerivativeCase(
        type: "GroupNormalization", inputs: [.x(1, 4, 2), .x(2), .x(2)], attributes: [int("num_groups", 2)], opset: 20),
      DerivativeCase(
        type: "BatchNormalization", inputs: [.x(2, 2, 2), .x(2), .x(2), .x(2), .x(2, in: 0.5...2)]),
      DerivativeCase(
        type: "NegativeLogLikelihoodLoss", inputs: [.x(3, 3), .integers(2, 0, 1), .x(3, in: 0.5...2)]),
      DerivativeCase(
        type: "SoftmaxCrossEntropyLoss", inputs: [.x(2, 3, 2), .integers(2, -7, 1, 0, shape: [2, 2])],
        attributes: [int("ignore_index", -7)], outputs: 2),
      DerivativeCase(
        type: "SoftmaxCrossEntropyLoss", inputs: [.x(2, 3), .integers(2, 0), .x(3, in: 0.5...2)],
        attributes: [.text("reduction", "none")]),
      DerivativeCase(
        type: "SoftmaxCrossEntropyLoss", inputs: [.x(2, 3), .integers(2, 0)], attributes: [.text("reduction", "sum")]),
    ]
  }
  func windows() -> [DerivativeCase] {
    [
      DerivativeCase(type: "Conv", inputs: [.x(2, 2, 4), .x(3, 2, 2), .x(3)]),
      DerivativeCase(
        type: "Conv", inputs: [.x(1, 2, 5, 4), .x(2, 1, 2, 2)],
        attributes: [int("group", 2), ints("strides", 2, 1), ints("dilations", 1, 2), ints("pads", 0, 1, 0, 2)]),
      DerivativeCase(
        type: "Conv", inputs: [.x(1, 1, 6), .x(1, 1, 2)],
        attributes: [ints("strides", 3), .text("auto_pad", "SAME_LOWER")]),
      DerivativeCase(
        type: "ConvTranspose", inputs: [.x(1, 2, 3), .x(2, 1, 2), .x(2)],
        attributes: [int("group", 2), ints("strides", 2), ints("pads", 1, 0), ints("output_padding", 1)]),
      DerivativeCase(
        type: "MaxPool", inputs: [.x(1, 2, 5)],
        attributes: [ints("kernel_shape", 2), ints("strides", 2), int("ceil_mode", 1)]),
      DerivativeCase(
        type: "AveragePool", inputs: [.x(1, 2, 5)],
        attributes: [ints("kernel_shape", 3), ints("strides", 2), ints("pads", 1, 0)]),
      DerivativeCase(
        type: "AveragePool", inputs: [.x(1, 1, 4, 6)],
        attributes: [
          ints("kernel_shape", 2, 3), ints("strides", 3, 2), ints("pads", 1, 1, 0, 1), int("ceil_mode", 1),
          int("count_include_pad", 1),
        ]),
      DerivativeCase(type: "GlobalAveragePool", inputs: [.x(1, 2, 3, 2)]),
      DerivativeCase(type: "GlobalMaxPool", inputs: [.x(1, 2, 3)]),
    ]
  }
  return try! functions() + arithmetic() + products() + shapes() + normalizations() + windows()
}()

/// Derivatives beside finite differences: of each operator that has one.
@Suite("Derivatives") struct DerivativeTests {
  @Test func eachOperatorWithADerivativeHasACase() {
    let tried = Set(derivativeCases.map(\.type))
    let left = OperatorCatalogue.all.filter { $0.hasOwnDerivative && !tried.contains($0.name) }.map(\.name)
    #expect(left.isEmpty)
  }

  @Test(arguments: derivativeCases.indices) func finiteDifferences(_ number: Int) throws {
    let test = derivativeCases[number]
    // Where an operator takes no numbers of 64 bits, rounding leaves fewer digits.
    let isWide = (try? check(test, .float64, step: 1e-5, tolerance: 1e-6)) != nil
    if !isWide { try check(test, .float32, step: 1e-2, tolerance: 2e-2) }
  }

  @discardableResult private func check(
    _ test: DerivativeCase, _ type: ElementType, step: Double, tolerance: Double
  ) throws -> Bool {
    var random = SplitMix(state: 7)
    var values: [String: [Double]] = [:]
    var shapes: [String: [Int]] = [:]
    var constants: [String: Tensor] = [:]
    var names: [String] = []
    for (index, input) in test.inputs.enumerated() {
      names.append("v\(index)")
      switch input {
      case .x(let shape, let range):
        values["v\(index)"] = (0..<shape.reduce(1, *)).map { _ in .random(in: range, using: &random) }
        shapes["v\(index)"] = shape
      case .constant(let tensor): constants["v\(index)"] = tensor.type == .float64 ? try tensor.cast(type) : tensor
      case .none: names[index] = ""
      }
    }
    let xs = names.filter { values[$0] != nil }
    // What is differentiated is no linear function of the outputs, lest their gradients be all the same.
    var nodes = [
      Node(test.type, inputs: names, outputs: (0..<test.outputs).map { "y\($0)" }, attributes: test.attributes)
    ]
    for output in 0..<test.outputs {
      let y = "y\(output)"
      nodes += [
        Node("Mul", inputs: [y, y], outputs: [y + "²"]), Node("Mul", inputs: [y, y + "²"], outputs: [y + "³"]),
        Node("Add", inputs: [y, y + "³"], outputs: ["z\(output)"]),
        Node(
          "ReduceSum", inputs: ["z\(output)"], outputs: ["s\(output)"], attributes: [Attribute("keepdims", .int(0))]),
      ]
    }
    nodes.append(Node("Sum", inputs: (0..<test.outputs).map { "s\($0)" }, outputs: ["sum"]))
    nodes.append(
      Node(
        "Gradient", domain: "ai.onnx.preview.training", inputs: xs, outputs: xs.map { "d" + $0 },
        attributes: [Attribute("xs", .strings(xs.map { Array($0.utf8) })), .text("y", "sum")]))
    func compiled(_ dimension: (String, Int) -> ShapeDimension) throws -> CompiledModel {
      var definition = ModelDefinition()
      definition.operatorSets = [
        OperatorSet(version: test.opset), OperatorSet(domain: "ai.onnx.preview.training", version: 1),
      ]
      definition.graph.nodes = nodes
      definition.graph.inputs = xs.map { name in
        ValueInfo(name: name, elementType: type, shape: (shapes[name] ?? []).indices.map { dimension(name, $0) })
      }
      definition.graph.outputs = (["sum"] + xs.map { "d" + $0 }).map { ValueInfo(name: $0) }
      definition.graph.initializers = constants.map { NamedTensor(name: $0, tensor: StoredTensor($1)) }
      return try gradientModel(definition)
    }
    func run(_ model: CompiledModel, _ values: [String: [Double]]) throws -> [String: Tensor] {
      try model.run(
        values.reduce(into: [:]) { $0[$1.key] = try Tensor($1.value, shape: shapes[$1.key] ?? []).cast(type) })
    }
    let fixed = try compiled { ShapeDimension(.fixed(Int64(shapes[$0]?[$1] ?? 0))) }
    let symbolic = try compiled { ShapeDimension(.symbol("\($0)_\($1)")) }
    let (result, other) = (try run(fixed, values), try run(symbolic, values))
    for name in xs {
      let gradient = try #require(result["d" + name])
      #expect(gradient.shape == shapes[name] && gradient.type == type)
      let numbers = try gradient.doubles
      let others = try #require(other["d" + name]).doubles
      for place in numbers.indices {
        func sum(_ step: Double) throws -> Double {
          var moved = values
          moved[name]?[place] += step
          return try #require(run(fixed, moved)["sum"]).doubles[0]
        }
        let expected = (try sum(step) - sum(-step)) / (2 * step)
        let scale = max(1, abs(expected))
        #expect(abs(numbers[place] - expected) <= tolerance * scale, "\(test.type) by \(name)[\(place)] at \(values)")
        #expect(abs(others[place] - numbers[place]) <= 1e-6 * scale, "\(test.type) with symbols")
      }
    }
    return true
  }
}

/// Compiles a model for the plugins that are linked in.
func gradientModel(_ definition: ModelDefinition) throws -> CompiledModel {
  let registry = OperatorRegistry()
  for entry in [standardPluginEntry, convPluginEntry] {
    try registry.register(
      #require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer)), origin: "linked in")
  }
  return try CompiledModel(definition, registry: registry)
}

extension Tensor {
  fileprivate func cast(_ type: ElementType) throws -> Tensor {
    type == .float32 ? try Tensor(doubles.map { Float($0) }, shape: shape) : self
  }

  var doubles: [Double] {
    get throws { try type == .float32 ? elements(Float.self).map { Double($0) } : elements(Double.self) }
  }
}
