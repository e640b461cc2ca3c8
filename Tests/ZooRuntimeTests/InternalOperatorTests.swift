import CZooPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPlugin
import ZooPluginHost
import ZooRuntime

/// Operators that only passes put into graphs, and kernels that would write more than there is room for.
@Suite("Internal operators")
struct InternalOperatorTests {
  private typealias Node = ZooCore.Node

  private static let internals = [
    Node("Reorder", domain: "zoo", inputs: ["w"], outputs: ["z"], attributes: [Attribute("to", .int(1))]),
    Node("QuantizeDequantize", domain: "zoo", inputs: ["w", "w", "w"], outputs: ["z"]),
    Node("ProductArgMax", domain: "zoo", inputs: ["w", "w"], outputs: ["z"]),
    Node("AnythingElse", domain: "zoo", inputs: ["w"], outputs: ["z"]),
  ]

  private func refusal(_ nodes: [Node], functions: [Function] = []) throws -> ZooError? {
    var definition = model(
      nodes, inputs: [], outputs: ["y"],
      constants: ["w": try numbers([1, 1, 100, 100]), "yes": try Tensor([true], shape: [])])
    definition.operatorSets += [OperatorSet(domain: "zoo", version: 1), OperatorSet(domain: "own", version: 1)]
    definition.functions = functions
    return #expect(throws: ZooError.self) { try CompiledModel(definition, registry: shippedRegistry()) }
  }

  @Test(arguments: internals.indices) func noModelHoldsThem(_ index: Int) throws {
    let node = Self.internals[index]
    let after = Node("Identity", inputs: ["z"], outputs: ["y"])
    var body = Graph()
    body.nodes = [node]
    body.outputs = [ValueInfo(name: "z")]
    var other = Graph()
    other.outputs = [ValueInfo(name: "w")]
    var function = Function()
    (function.name, function.domain, function.inputs, function.outputs) = ("F", "own", ["w"], ["z"])
    function.nodes = [node]
    func condition(_ then: Graph, _ otherwise: Graph) -> Node {
      Node(
        "If", inputs: ["yes"], outputs: ["z"],
        attributes: [Attribute("then_branch", .graph(then)), Attribute("else_branch", .graph(otherwise))])
    }
    var nested = Graph()
    nested.nodes = [condition(other, body)]
    nested.outputs = [ValueInfo(name: "z")]
    let call = Node("F", domain: "own", inputs: ["w"], outputs: ["z"])
    for nodes in [[node], [condition(body, other)], [condition(other, body)], [condition(other, nested)], [call]] {
      let error = try refusal(nodes + [after], functions: [function])
      #expect(error?.kind == .badData && error?.message.contains("the compiler's own") == true)
    }
  }

  @Test func whatWritesBlocksGetsNoPlainMemory() throws {
    let error = #expect(throws: ZooError.self) {
      try runOperator(
        Self.internals[0], inputs: [try numbers([1, 1, 100, 100])], opset: 1, registry: shippedRegistry())
    }
    #expect(error?.kind == .defect && error?.message.contains("layout") == true)
  }

  /// Writes blocks, and says so, after it has asked for plain memory.
  private struct Liar: Operator {
    final class Writer: Kernel {
      var outputLayouts: [Layout]? { [.nchw16c] }
      func run(_ call: Call) {}
    }
    let signature = Signature("Liar", domain: "test", since: 1)
    func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }
    func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) -> any Kernel { Writer() }
  }

  @Test func plansCheckKernelsToo() throws {
    let registry = OperatorRegistry()
    let plugin = Plugin(name: "Liars", version: "1") { _ in [Liar()] }
    try registry.register(#require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    let definition = model(
      [Node("Liar", domain: "test", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [1, 1, 2, 2])],
      outputs: ["y"])
    let error = #expect(throws: ZooError.self) { try CompiledModel(definition, registry: registry) }
    #expect(error?.kind == .defect)
  }
}
