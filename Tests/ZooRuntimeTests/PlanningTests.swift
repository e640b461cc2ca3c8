import CZooPlugin
import Synchronization
import Testing
import ZooCore
import ZooPlugin
import ZooPluginHost
import ZooRuntime

/// What planning asks plugins, and how often.
@Suite struct PlanningTests {
  /// Gives its input, and counts how often it is asked what it gives.
  private final class Counted: Operator, Sendable {
    let signature = Signature("Counted", domain: "example", since: 1)
    let count = Mutex(0)

    func infer(_ node: ZooPlugin.Node) throws -> [OutputType] {
      count.withLock { $0 += 1 }
      return [OutputType(like: try node.input(0))]
    }

    func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel { Copying() }
  }

  private final class Copying: Kernel {
    func run(_ call: Call) {
      call.output(0).pointer(as: Float.self).update(
        from: call.input(0).pointer(as: Float.self), count: call.input(0).count)
    }
  }

  @Test func factsAreInferredOnceForEachSetOfShapes() throws {
    let counted = Counted()
    let plugin = Plugin(name: "Counting", version: "1") { _ in [counted] }
    let registry = try shippedRegistry()
    try registry.register(#require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    var definition = model(
      [
        Node("Counted", domain: "example", inputs: ["x"], outputs: ["a"]), Node("Relu", inputs: ["a"], outputs: ["b"]),
        Node("Counted", domain: "example", inputs: ["b"], outputs: ["y"]),
      ], inputs: [tensorInput("x", ["n"])], outputs: ["y"])
    definition.operatorSets.append(OperatorSet(domain: "example", version: 1))
    let model = try CompiledModel(definition, registry: registry)
    for (size, calls) in [(3, 2), (5, 4), (3, 4), (5, 4)] {
      let x = try Tensor([Float](repeating: 2, count: size), shape: [size])
      #expect(try model.run(["x": x])["y"]?.elements(Float.self) == [Float](repeating: 2, count: size))
      #expect(counted.count.withLock { $0 } == calls)
    }
  }
}
