import CZooPlugin
import ConvPlugin
import StandardPlugin
import Synchronization
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

@Suite("Large graphs")
struct LargeGraphTests {
  /// A tensor that notes how often it is read.
  private final class Counted: TensorSource {
    let tensor: Tensor
    let readCount = Mutex(0)

    init(_ tensor: Tensor) { self.tensor = tensor }

    func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
      readCount.withLock { $0 += 1 }
      tensor.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }

  private static func registry() throws -> OperatorRegistry {
    let registry = OperatorRegistry()
    for plugin in [standardPlugin, convPlugin] {
      try registry.register(#require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    }
    return registry
  }

  /// Adds "c" `count` times, one after the other.
  private static func sums(_ count: Int) -> [Node] {
    (0..<count).map { Node("Add", inputs: [$0 == 0 ? "x" : "v\($0)", "c"], outputs: ["v\($0 + 1)"]) }
  }

  @Test("A constant that many nodes read is loaded once", arguments: [20, 20_000], [false, true])
  func constants(elements: Int, isNode: Bool) throws {
    let count = 300
    let source = Counted(try Tensor([Float](repeating: 2, count: elements), shape: [elements]))
    let constant = NamedTensor(
      name: "c", tensor: try StoredTensor(type: .float32, shape: [elements], source: source))
    var definition = model(
      Self.sums(count), inputs: [tensorInput("x", [ShapeDimension(integerLiteral: Int64(elements))])],
      outputs: ["v\(count)"])
    if isNode {
      let node = Node("Constant", inputs: [], outputs: ["c"], attributes: [Attribute("value", .tensor(constant))])
      definition.graph.nodes.insert(node, at: 0)
    } else {
      definition.graph.initializers = [constant]
    }
    let compiled = try CompiledModel(definition, registry: Self.registry())
    let input = try Tensor([Float](repeating: 1, count: elements), shape: [elements])
    let result: [Float]? = try compiled.run(["x": input])["v\(count)"]?.elements()
    #expect(result == [Float](repeating: Float(1 + 2 * count), count: elements))
    // Kernels that are made side by side may both be first.
    #expect(source.readCount.withLock { $0 } <= ThreadPool.shared.workerCount)
  }

  @Test("Too many nodes are refused, those of branches among them", arguments: [false, true])
  func limit(inBranches: Bool) throws {
    var definition = model(Self.sums(200_000), inputs: [tensorInput("x", [1])], outputs: ["v200000"])
    definition.graph.initializers = [
      NamedTensor(name: "c", tensor: StoredTensor(try Tensor([1 as Float], shape: [1]))),
      NamedTensor(name: "b", tensor: StoredTensor(try Tensor([true], shape: []))),
    ]
    if inBranches {
      var body = Graph()
      body.nodes = Self.sums(200_000)
      body.outputs = [ValueInfo(name: "v200000")]
      definition.graph.nodes = [
        Node(
          "If", inputs: ["b"], outputs: ["v200000"],
          attributes: [Attribute("then_branch", .graph(body)), Attribute("else_branch", .graph(body))])
      ]
    } else {
      definition.graph.nodes = Self.sums(400_000)
    }
    let error = #expect(throws: ZooError.self) { try CompiledModel(definition, registry: Self.registry()) }
    #expect(error?.kind == .unsupported && error?.message.contains("262144 nodes") == true, "\(error as Any)")
  }
}
