import CZooPlugin
import ConvPlugin
import StandardPlugin
import Synchronization
import Testing
import ZooCore
import ZooPlugin
import ZooPluginHost
import ZooRuntime

/// What calibration saw reaches the kernels of the same products, whatever the compiler makes of the graph.
@Suite("Calibrated ranges")
struct CalibratedRangeTests {
  /// Tells the range of a product's first input.
  private struct Product: Operator {
    static let seen = Mutex<[String: ClosedRange<Float>?]>([:])
    let base: any Operator
    var signature: Signature { base.signature }

    func layouts(for node: ZooPlugin.Node) throws -> LayoutChoice? { try base.layouts(for: node) }
    func accepts(_ step: Step, in node: ZooPlugin.Node) -> Bool { base.accepts(step, in: node) }
    func inputsInPieces(_ node: ZooPlugin.Node) -> [Int] { base.inputsInPieces(node) }

    func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
      Self.seen.withLock { $0[node.name] = .some(node.allowsInt8 ? node.calibratedRange(0) : nil) }
      return try base.makeKernel(node, on: executor)
    }
  }

  private static func registry(recording: Bool) throws -> OperatorRegistry {
    let registry = OperatorRegistry()
    let host = HostTable.shared.pointer
    if recording {
      let plugin = Plugin(name: "Recording", version: "1") { host in
        try (standardPlugin.operators(host) + convPlugin.operators(host))
          .filter { ["Conv", "MatMul", "Gemm"].contains($0.signature.name) }.map(Product.init)
      }
      try registry.register(#require(plugin.export(ZOO_PLUGIN_ABI_VERSION, host)), origin: "test")
    }
    for plugin in [standardPlugin, convPlugin] {
      try registry.register(#require(plugin.export(ZOO_PLUGIN_ABI_VERSION, host)), origin: "test")
    }
    return registry
  }
  private static func numbers(_ shape: [Int]) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { Float($0 * 7919 % 1021) / 1021 - 0.4 }, shape: shape)
  }

  @Test func reachTheKernels() throws {
    let pads = Attribute("pads", .ints([1, 1, 1, 1]))
    // Dropped nodes, a folded normalization, fused steps, blocked layouts of 21 channels, a product of two values.
    let definition = model(
      [
        ZooCore.Node("Identity", inputs: ["x"], outputs: ["same"]),
        ZooCore.Node("Conv", name: "first", inputs: ["same", "w1"], outputs: ["a"], attributes: [pads]),
        ZooCore.Node("BatchNormalization", inputs: ["a", "ones", "ones", "zeros", "ones"], outputs: ["b"]),
        ZooCore.Node("Relu", inputs: ["b"], outputs: ["c"]),
        ZooCore.Node("Dropout", inputs: ["c"], outputs: ["d"]),
        ZooCore.Node("Conv", name: "second", inputs: ["d", "w2"], outputs: ["e"], attributes: [pads]),
        ZooCore.Node("Add", inputs: ["e", "d"], outputs: ["f"]),
        ZooCore.Node("Relu", inputs: ["f"], outputs: ["g"]),
        ZooCore.Node("GlobalAveragePool", inputs: ["g"], outputs: ["h"]),
        ZooCore.Node("Flatten", inputs: ["h"], outputs: ["i"]),
        ZooCore.Node("Gemm", name: "third", inputs: ["i", "w3"], outputs: ["j"]),
        ZooCore.Node("Relu", inputs: ["j"], outputs: ["k"]),
        ZooCore.Node("MatMul", name: "fourth", inputs: ["k", "w4"], outputs: ["l"]),
        ZooCore.Node("Transpose", inputs: ["l"], outputs: ["m"], attributes: [Attribute("perm", .ints([1, 0]))]),
        ZooCore.Node("MatMul", name: "fifth", inputs: ["l", "m"], outputs: ["y"]),
      ], inputs: [tensorInput("x", [2, 3, 8, 8])], outputs: ["y"],
      constants: [
        "w1": try Self.numbers([21, 3, 3, 3]), "w2": try Self.numbers([21, 21, 3, 3]),
        "ones": try Tensor([Float](repeating: 1, count: 21), shape: [21]),
        "zeros": try Tensor([Float](repeating: 0, count: 21), shape: [21]), "w3": try Self.numbers([21, 30]),
        "w4": try Self.numbers([30, 10]),
      ])
    let exact = try CompiledModel(definition, registry: Self.registry(recording: false))
    let ranges = Mutex<[String: ClosedRange<Float>]>([:])
    try exact.observeProducts(["x": try Self.numbers([2, 3, 8, 8])]) { name, elements in
      let (least, greatest) = (elements.min() ?? 0, elements.max() ?? 0)
      ranges.withLock { $0[name] = least...greatest }
    }
    let found = ranges.withLock { $0 }
    #expect(Set(found.keys) == ["x", "c", "i", "k", "l", "m"])
    let options = CompileOptions(arithmetic: Arithmetic(.int8, ranges: found))
    _ = try CompiledModel(definition, registry: Self.registry(recording: true), options: options)
    let seen = Product.seen.withLock { $0 }
    let inputs = ["first": "x", "second": "c", "third": "i", "fourth": "k", "fifth": "l"]
    for (node, value) in inputs { #expect(seen[node] == .some(found[value]), "\(node)") }
    // Where nobody looked, nothing is claimed.
    let blind = CompileOptions(arithmetic: Arithmetic(.int8))
    _ = try CompiledModel(definition, registry: Self.registry(recording: true), options: blind)
    #expect(Product.seen.withLock { $0 }.values.allSatisfy { $0 == nil })
  }
}
