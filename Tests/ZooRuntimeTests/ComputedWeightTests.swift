import CZooPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Weights that nodes make of next to nothing.
@Suite("Computed weights")
struct ComputedWeightTests {
  private static let (rows, columns) = (1024, 768)

  private static func compiled(
    _ nodes: [Node], limit: Int = CompileOptions.standardMemoryLimit
  ) throws -> CompiledModel {
    let registry = OperatorRegistry()
    try registry.register(
      #require(standardPlugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    let definition = try model(
      nodes, inputs: [tensorInput("x", ["N", ShapeDimension(integerLiteral: Int64(rows))])], outputs: ["y"],
      constants: [
        "shape": Tensor([Int64(rows), Int64(columns)], shape: [2]),
        "turned": Tensor([Int64(columns), Int64(rows)], shape: [2]),
        "row": Tensor((0..<columns).map { Float($0 % 7) }, shape: [1, columns]),
        "half": Tensor([Float(0.5)], shape: []),
      ])
    return try CompiledModel(definition, registry: registry, options: CompileOptions(threads: 2, memoryLimit: limit))
  }

  private static func operators(_ model: CompiledModel) throws -> [String] {
    try model.steps(for: [[2, rows]]).map(\.operatorType)
  }

  private static func fill(to weights: String = "w", _ value: Float = 2) throws -> Node {
    Node(
      "ConstantOfShape", inputs: ["shape"], outputs: [weights],
      attributes: [
        Attribute("value", .tensor(NamedTensor(name: "", tensor: StoredTensor(try Tensor([value], shape: [1])))))
      ])
  }

  private static func check(_ model: CompiledModel, _ wanted: (Int) -> Float) throws {
    for count in [1, 2, 19] {
      let x = try Tensor([Float](repeating: 1, count: count * rows), shape: [count, rows])
      let y: [Float] = try #require(try model.run(["x": x])["y"]).elements()
      #expect(y == (0..<count * columns).map { wanted($0 % columns) })
    }
  }

  @Test("A product packs them once; no run computes them")
  func product() throws {
    let filled = try Self.compiled([Self.fill(), Node("MatMul", inputs: ["x", "w"], outputs: ["y"])])
    #expect(try Self.operators(filled) == ["MatMul"])
    try Self.check(filled) { _ in Float(2 * Self.rows) }
    // By way of nodes that copy, or go element by element.
    let chain = try Self.compiled([
      Node("Expand", inputs: ["row", "shape"], outputs: ["grown"]),
      Node("Mul", inputs: ["grown", "half"], outputs: ["scaled"]),
      Node("Transpose", inputs: ["scaled"], outputs: ["turnedWeights"]),
      Node("Gemm", inputs: ["x", "turnedWeights"], outputs: ["y"], attributes: [Attribute("transB", .int(1))]),
    ])
    #expect(try Self.operators(chain) == ["Gemm"])
    try Self.check(chain) { Float($0 % 7) / 2 * Float(Self.rows) }
  }

  @Test("What no product reads as weights is made when it is run")
  func others() throws {
    let sum = try Self.compiled([
      Self.fill(), Node("ReduceSum", inputs: ["x"], outputs: ["sum"]),
      Node("Add", inputs: ["w", "sum"], outputs: ["y"]),
    ])
    #expect(try Self.operators(sum).contains("ConstantOfShape"))
  }

  @Test("Constants that nothing in the file justifies don't add up")
  func hostile() throws {
    // 3 MiB each, of which half the limit holds ten.
    var nodes: [Node] = []
    for index in 0..<40 {
      nodes.append(try Self.fill(to: "w\(index)", Float(index)))
      nodes.append(Node("MatMul", inputs: ["x", "w\(index)"], outputs: ["y\(index)"]))
    }
    nodes.append(Node("Max", inputs: (0..<40).map { "y\($0)" }, outputs: ["y"]))
    let compiled = try Self.compiled(nodes, limit: 64 << 20)
    #expect(try Self.operators(compiled).count { $0 == "ConstantOfShape" } == 30)
    try Self.check(compiled) { _ in Float(39 * Self.rows) }
  }
}
