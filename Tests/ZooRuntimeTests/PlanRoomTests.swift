import CZooPlugin
import Foundation
import Synchronization
import Testing
import ZooCore
import ZooPlugin
import ZooPluginHost
import ZooRuntime

/// Plans for many shapes stay while there is room for them.
@Suite struct PlanRoomTests {
  /// Counts the kernels that are made of it.
  private final class Counted: ZooPlugin.Operator {
    let signature = Signature("Relu", since: 6)
    let count = Mutex(0)
    /// Scratch memory that each kernel wants.
    let workspace: Int

    init(workspace: Int) { self.workspace = workspace }

    private final class Copy: Kernel {
      let workspaceByteCount: Int
      init(_ byteCount: Int) { workspaceByteCount = byteCount }

      func run(_ call: Call) throws {
        call.workspace?.initializeMemory(as: UInt8.self, repeating: 1, count: workspaceByteCount)
        for index in 0..<call.output(0).count {
          call.output(0).pointer(as: Float.self)[index] = call.input(0).pointer(as: Float.self)[index]
        }
      }
    }

    func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
      count.withLock { $0 += 1 }
      return Copy(workspace)
    }
  }

  /// Kernels made in two rounds of inputs of `lengths` lengths.
  private func kernels(lengths: Int, workspace: Int) throws -> [Int] {
    let counted = Counted(workspace: workspace)
    let plugin = Plugin(name: "Counted", version: "1") { _ in [counted] }
    let registry = OperatorRegistry()
    try registry.register(
      #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 20)]
    definition.graph.nodes = [ZooCore.Node("Relu", inputs: ["x"], outputs: ["y"])]
    definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [ShapeDimension(.symbol("n"))])]
    definition.graph.outputs = [ValueInfo(name: "y")]
    let model = try CompiledModel(definition, registry: registry)
    return try (0..<2).map { _ in
      for length in 1...lengths {
        let x = try Tensor([Float](repeating: 1, count: length), shape: [length])
        let y: [Float]? = try model.run(["x": x])["y"]?.elements()
        #expect(y == [Float](repeating: 1, count: length))
      }
      return counted.count.withLock { $0 }
    }
  }

  @Test func smallPlansStay() throws {
    #expect(try kernels(lengths: 200, workspace: 64) == [200, 200])
  }

  @Test func manyPlansGo() throws {
    #expect(try kernels(lengths: 1100, workspace: 64) == [1100, 2200])
  }

  /// What plans compute in is made anew where it would take too much.
  @Test func memoryOfManyPlansGoes() throws {
    let before = try residentBytes()
    #expect(try kernels(lengths: 200, workspace: 4 << 20) == [200, 200])
    #expect(try residentBytes() - before < 400 << 20)
  }

  private func residentBytes() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
    return try #require(Int(pages)) * 4096
  }
}
