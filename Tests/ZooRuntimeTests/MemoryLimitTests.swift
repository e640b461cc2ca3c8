import CZooPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// What a caller allows a run to take for what the graph makes.
@Suite("Memory limit")
struct MemoryLimitTests {
  private static func registry() throws -> OperatorRegistry {
    let registry = OperatorRegistry()
    try registry.register(
      #require(standardPlugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    return registry
  }

  /// x [N] → N² sums and their sum: the square takes 4 N² bytes.
  private static func squares() throws -> ModelDefinition {
    var definition = try model(
      [
        Node("Unsqueeze", inputs: ["x", "axis"], outputs: ["column"]),
        Node("Add", inputs: ["x", "column"], outputs: ["square"]),
        Node("ReduceSum", inputs: ["square"], outputs: ["y"]),
      ], inputs: [tensorInput("x", ["N"])], outputs: ["y"], constants: ["axis": Tensor([Int64(1)], shape: [1])])
    definition.metadata.name = "squares"
    return definition
  }

  private static func run(_ definition: ModelDefinition, _ count: Int, limit: Int) throws -> [Float]? {
    let compiled = try CompiledModel(
      definition, registry: registry(), options: CompileOptions(threads: 2, memoryLimit: limit))
    return try compiled.run(["x": Tensor([Float](repeating: 1, count: count), shape: [count])])["y"]?.elements()
  }

  @Test("A plan that takes more than the limit is refused, and the error says what, where and how much")
  func plan() throws {
    #expect(try Self.run(Self.squares(), 1024, limit: 8 << 20) == [2_097_152])
    let error = #expect(throws: ZooError.self) { _ = try Self.run(Self.squares(), 1024, limit: 2 << 20) }
    #expect(error?.kind == .outOfMemory)
    #expect(error?.location?.contains("squares") == true)
    #expect(error?.message.contains("2097152 bytes") == true)
    #expect(error?.advice?.contains("--memory-limit") == true)
    // More than any machine has is refused before somebody asks for it.
    #expect(throws: ZooError.self) { _ = try Self.run(Self.squares(), 1 << 22, limit: 1 << 40) }
  }

  @Test("Values whose shapes only running tells count")
  func dataDependent() throws {
    let definition = try model(
      [
        Node("NonZero", inputs: ["x"], outputs: ["places"]),
        Node("Unsqueeze", inputs: ["places", "axis"], outputs: ["column"]),
        Node("Add", inputs: ["places", "column"], outputs: ["square"]),
        Node("Cast", inputs: ["square"], outputs: ["floats"], attributes: [Attribute("to", .int(1))]),
        Node("ReduceMax", inputs: ["floats"], outputs: ["y"]),
      ], inputs: [tensorInput("x", ["N"])], outputs: ["y"], constants: ["axis": Tensor([Int64(2)], shape: [1])])
    #expect(try Self.run(definition, 512, limit: 8 << 20) == [1022])
    #expect(throws: ZooError.self) { _ = try Self.run(definition, 512, limit: 1 << 20) }
    #expect(throws: ZooError.self) { _ = try Self.run(definition, 1 << 17, limit: 1 << 19) }
  }

  @Test("What a loop stacks counts")
  func loop() throws {
    var body = Graph()
    body.inputs = [
      ValueInfo(name: "i", elementType: .int64, shape: []), ValueInfo(name: "go", elementType: .bool, shape: []),
    ]
    body.nodes = [
      Node("Identity", inputs: ["go"], outputs: ["on"]), Node("Add", inputs: ["x", "x"], outputs: ["twice"]),
    ]
    body.outputs = [ValueInfo(name: "on"), ValueInfo(name: "twice")]
    let definition = try model(
      [
        Node("Loop", inputs: ["turns", ""], outputs: ["stack"], attributes: [Attribute("body", .graph(body))]),
        Node("ReduceSum", inputs: ["stack"], outputs: ["y"]),
      ], inputs: [tensorInput("x", ["N"])], outputs: ["y"], constants: ["turns": Tensor([Int64(1000)], shape: [])])
    #expect(try Self.run(definition, 1024, limit: 32 << 20) == [2_048_000])
    #expect(throws: ZooError.self) { _ = try Self.run(definition, 1024, limit: 2 << 20) }
  }

  @Test("A machine's memory is the limit that nobody sets")
  func standard() {
    #expect(CompileOptions().memoryLimit == CompileOptions.standardMemoryLimit)
    #expect(CompileOptions.standardMemoryLimit > 64 << 20)
  }
}
