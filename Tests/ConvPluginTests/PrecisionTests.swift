import CZooPlugin
import ConvPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// What a model gets that allows its convolutions to round.
@Suite struct PrecisionTests {
  private let registry: OperatorRegistry
  private let input: Tensor
  private let definition: ModelDefinition

  /// 3×3 with a ReLU, then 1×1 with a residual: 32 channels each.
  init() throws {
    registry = OperatorRegistry()
    for entry in [standardPluginEntry, convPluginEntry] {
      let plugin = try #require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer))
      try registry.register(plugin, origin: "linked in")
    }
    var generator = Generator(state: 11)
    let shape = [2, 32, 9, 10]
    input = try Tensor(generator.floats(shape.reduce(1, *)), shape: shape)
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17)]
    let info = { ValueInfo(name: $0, elementType: .float32, shape: shape.map { ShapeDimension(.fixed(Int64($0))) }) }
    definition.graph.inputs = [info("x")]
    definition.graph.outputs = [info("y")]
    definition.graph.nodes = [
      Node("Conv", inputs: ["x", "v"], outputs: ["a"], attributes: [Attribute("pads", .ints([1, 1, 1, 1]))]),
      Node("Relu", inputs: ["a"], outputs: ["b"]), Node("Conv", inputs: ["b", "w"], outputs: ["c"]),
      Node("Add", inputs: ["c", "x"], outputs: ["y"]),
    ]
    definition.graph.initializers = try [("v", [32, 32, 3, 3]), ("w", [32, 32, 1, 1])].map { name, shape in
      NamedTensor(
        name: name, tensor: StoredTensor(try Tensor(generator.floats(shape.reduce(1, *)), shape: shape)))
    }
    self.definition = definition
  }

  private func run(_ arithmetic: Arithmetic) throws -> (values: [Float], summaries: [String]) {
    let model = try CompiledModel(
      definition, registry: registry, options: CompileOptions(threads: 2, arithmetic: arithmetic))
    let steps = try model.steps(for: [input.shape]).filter { $0.operatorType == "Conv" }
    return try (#require(model.run(["x": input])["y"]).elements(), steps.compactMap(\.summary))
  }

  /// The root of the mean of squares of what differs, in parts of the reference's.
  private func difference(_ values: [Float], _ reference: [Float]) -> Float {
    func square(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 } }
    return (square(zip(values, reference).map { $0 - $1 }) / square(reference)).squareRoot()
  }

  @Test func int8StaysCloseToFloat32() throws {
    let reference = try run(Arithmetic())
    #expect(reference.summaries.allSatisfy { !$0.contains("int8") })
    let rounded = try run(Arithmetic(.int8))
    // Where the processor has no VNNI, windows are transformed.
    let windows = ["direct 3×3 in int8", "Winograd F(4×4, 3×3) in int8"]
    #expect(windows.map { [$0, "1×1 matrix product in int8"] }.contains(rounded.summaries))
    let error = difference(rounded.values, reference.values)
    // Weights and inputs of both layers: steps of 1/127 and 2/255 over uniform numbers, and what is found behind the ReLU,
    // come to 1/254 of the root mean square each, together to 2/254.
    #expect(error > 0 && error < 0.0083)
  }

  @Test func calibratedRangesReplaceThoseFound() throws {
    let found = try run(Arithmetic(.int8)).values
    let given = try run(Arithmetic(.int8, ranges: ["x": -1...1, "b": 0...40])).values
    #expect(given != found)
    // Steps of 40/255 are 0.008 of the root mean square of what the ReLU leaves, where zeros are exact; those found 0.004.
    #expect(difference(given, found) < 0.0095)
    // What lies outside is clamped, which shows.
    #expect(difference(try run(Arithmetic(.int8, ranges: ["b": 0...1])).values, found) > 0.2)
  }

  @Test func bfloat16StaysClose() throws {
    let reference = try run(Arithmetic())
    let rounded = try run(Arithmetic(.bfloat16))
    // Each of four roundings to 8 bits is 0.0015 of uniform numbers' deviation.
    #expect(difference(rounded.values, reference.values) < 0.0032)
    // Where the processor has no instruction for it, float32 is faster.
    if CPU.current.features & UInt32(ZOO_CPU_AVX512_BF16) == 0 || CPU.current.isa != .avx512 {
      #expect(rounded.values == reference.values)
    }
  }
}
