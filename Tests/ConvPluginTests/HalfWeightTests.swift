import CZooPlugin
import ConvPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem
import ZooNumbers

/// Convolutions whose constant weights are 16-bit floats keep them so, and give to the bit what the same numbers give as
/// float32.
@Suite struct HalfModelTests {
  struct Case: Sendable {
    var operatorType = "Conv"
    var input: [Int]
    var weights: [Int]
    var attributes: [(name: String, value: [Int])] = []
    /// How it is computed.
    var summary: String
  }

  static let cases = [
    // Blocked and plain input, whole blocks of channels and parts of them.
    Case(input: [1, 37, 9, 8], weights: [45, 37, 3, 2], summary: "direct 3×2"),
    Case(
      input: [2, 40, 9, 8], weights: [19, 40, 3, 3], attributes: [("strides", [2, 1]), ("dilations", [1, 2])],
      summary: "direct 3×3"),
    Case(input: [1, 300, 7, 7], weights: [130, 300, 1, 1], summary: "1×1 matrix product"),
    Case(
      input: [1, 64, 8, 8], weights: [33, 64, 1, 1], attributes: [("strides", [2, 2])], summary: "1×1 matrix product"),
    Case(input: [1, 64, 6, 6], weights: [96, 32, 3, 3], attributes: [("group", [2])], summary: "direct 3×3"),
    Case(
      input: [1, 35, 11, 9], weights: [35, 1, 5, 3], attributes: [("group", [35]), ("pads", [2, 1, 2, 1])],
      summary: "depthwise 5×3"),
    Case(
      input: [1, 3, 21, 19], weights: [33, 3, 7, 7], attributes: [("strides", [2, 2])], summary: "first layer 7×7"),
    Case(input: [1, 21, 6, 6], weights: [9, 7, 3, 3], attributes: [("group", [3])], summary: "general 3×3"),
    Case(input: [1, 32, 40], weights: [20, 32, 5], attributes: [("dilations", [3])], summary: "direct 5"),
    Case(input: [1, 18, 4, 5, 6], weights: [17, 18, 2, 2, 3], summary: "direct 2×2×3"),
    // Read in several pieces.
    Case(input: [1, 512, 3, 3], weights: [300, 512, 2, 2], summary: "direct 2×2"),
    Case(
      input: [1, 260, 7, 7], weights: [260, 260, 3, 3], attributes: [("pads", [1, 1, 1, 1])],
      summary: "Winograd F(2×2, 3×3)"),
    Case(
      operatorType: "ConvTranspose", input: [1, 19, 5, 4], weights: [19, 7, 3, 3], attributes: [("strides", [2, 2])],
      summary: "direct 2×2"),
    Case(
      operatorType: "ConvTranspose", input: [1, 19, 5, 4], weights: [19, 7, 3, 3],
      attributes: [("strides", [3, 2]), ("dilations", [1, 2])],
      summary: "matrix product and scattered 3×3"),
    Case(
      operatorType: "ConvTranspose", input: [2, 300, 4, 4], weights: [300, 45, 4, 4], attributes: [("group", [2])],
      summary: "matrix product and scattered 4×4"),
  ]

  /// Weights that are few, and would have to be transformed again and again, are transformed once.
  @Test func smallWeightsOfWinogradsAlgorithmAreFloat32() throws {
    let test = Case(
      input: [1, 32, 28, 28], weights: [32, 32, 3, 3], attributes: [("pads", [1, 1, 1, 1])], summary: "")
    let weights = try Self.rounded([Float](repeating: 0.1, count: 32 * 32 * 9), shape: test.weights, as: .float16)
    let model = try Self.model(test, weights: weights, on: .generic)
    let summary = try model.steps(for: [test.input]).compactMap(\.summary).first { $0.contains("Winograd") }
    #expect(summary == "Winograd F(4×4, 3×3)")
  }

  private static func registry(_ isa: CPU.ISA) throws -> OperatorRegistry {
    let registry = OperatorRegistry()
    let host = HostTable(cpu: CPU(isa: isa)).pointer
    for entry in [standardPluginEntry, convPluginEntry] {
      try registry.register(#require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), host)), origin: "linked in")
    }
    return registry
  }

  /// The numbers of 16 bits next to those of `values`.
  private static func rounded(_ values: [Float], shape: [Int], as type: ElementType) throws -> StoredTensor {
    let node = Node("Cast", inputs: ["x"], outputs: ["y"], attributes: [Attribute("to", .int(Int64(type.rawValue)))])
    let tensor = try Tensor(values, shape: shape)
    return StoredTensor(try runOperator(node, inputs: [tensor], opset: 20, registry: registry(.generic))[0])
  }

  private static func model(_ test: Case, weights: StoredTensor, on isa: CPU.ISA) throws -> CompiledModel {
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 20)]
    definition.graph.inputs = [
      ValueInfo(
        name: "x", elementType: weights.type, shape: test.input.map { ShapeDimension(.fixed(Int64($0))) })
    ]
    definition.graph.outputs = [ValueInfo(name: "y")]
    let attributes = test.attributes.map { name, value in
      Attribute(name, name == "group" ? .int(Int64(value[0])) : .ints(value.map(Int64.init)))
    }
    definition.graph.nodes = [
      Node(test.operatorType, inputs: ["x", "w"], outputs: ["c"], attributes: attributes),
      Node("Cast", inputs: ["c"], outputs: ["y"], attributes: [Attribute("to", .int(1))]),
    ]
    definition.graph.initializers = [NamedTensor(name: "w", tensor: weights)]
    return try CompiledModel(definition, registry: registry(isa), options: CompileOptions(threads: 2))
  }

  @Test(arguments: cases, [ElementType.float16, .bfloat16]) func sameNumbersOnEveryProcessor(
    _ test: Case, _ type: ElementType
  ) throws {
    var generator = Generator(state: UInt64(test.weights.reduce(1, *)))
    var values = generator.floats(test.weights.reduce(1, *))
    for (index, value) in [0x1p-24, -0x1.8p-20, 65504, -0.0].enumerated() where values.count > 90 * index {
      values[90 * index] = Float(value)
    }
    let half = try Self.rounded(values, shape: test.weights, as: type)
    let x = try Self.rounded(generator.floats(test.input.reduce(1, *)), shape: test.input, as: type)
    let (wide, wideX) = (try #require(try half.asFloat32()).load(), try #require(try x.asFloat32()).load())
    for isa in CPU.ISA.allCases where isa.rawValue <= CPU.current.isa.rawValue {
      let model = try Self.model(test, weights: half, on: isa)
      let summaries = try model.steps(for: [test.input]).compactMap(\.summary)
      #expect(summaries.contains("\(test.summary) of \(type.name)"), "\(summaries)")
      let y: [Float] = try #require(model.run(["x": x.load()])["y"]).elements()
      let reference = try Self.model(test, weights: StoredTensor(wide), on: isa)
      let expected: [Float] = try #require(reference.run(["x": wideX])["y"]).elements()
      #expect(y.map(\.bitPattern) == expected.map(\.bitPattern), "\(isa)")
    }
  }
}
