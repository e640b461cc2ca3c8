import CZooPlugin
import ConvPlugin
import StandardPlugin
import Synchronization
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Weights of more than 64 KiB are packed piece by piece and never loaded.
@Suite("Constants read in pieces")
struct PiecewiseConstantTests {
  /// Gives parts of a tensor only.
  private final class Pieces: TensorSource {
    let tensor: Tensor
    let isBroken: Bool
    let bytesRead = Mutex(0)

    init(_ tensor: Tensor, isBroken: Bool = false) {
      self.tensor = tensor
      self.isBroken = isBroken
    }

    var readsInPieces: Bool { true }

    func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
      throw ZooError(.defect, "the tensor was read as a whole")
    }

    func read(
      into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
    ) throws {
      if isBroken, offset + bytes.count == tensor.byteCount { throw ZooError(.badData, "the end is damaged") }
      bytesRead.withLock { $0 += bytes.count }
      tensor.withUnsafeBytes {
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + bytes.count]))
      }
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var nodes: [Node]
    var input: [Int]
    var weight: [Int]
    var constants: [String: [Int]] = [:]
  }

  private static func registry() throws -> OperatorRegistry {
    let registry = OperatorRegistry()
    let host = HostTable.shared.pointer
    for plugin in [standardPlugin, convPlugin] {
      try registry.register(#require(plugin.export(ZOO_PLUGIN_ABI_VERSION, host)), origin: "test")
    }
    return registry
  }

  private static let normalization = Node(
    "BatchNormalization", inputs: ["c", "scale", "shift", "mean", "variance"], outputs: ["y"])
  private static let perChannel = ["scale", "shift", "mean", "variance"]

  private static func convolution(_ text: String, _ input: [Int], _ weight: [Int], group: Int64 = 1) -> Case {
    Case(
      testDescription: text,
      nodes: [
        Node("Conv", inputs: ["x", "w"], outputs: ["c"], attributes: [Attribute("group", .int(group))]), normalization,
      ], input: input, weight: weight,
      constants: Dictionary(uniqueKeysWithValues: perChannel.map { ($0, [weight[0]]) }))
  }

  private static func product(
    _ text: String, _ operation: String, _ input: [Int], _ weight: [Int], transposed: Int64 = 0
  ) -> Case {
    let attributes =
      operation == "Gemm" ? [Attribute("transB", .int(transposed)), Attribute("alpha", .float(0.5))] : []
    return Case(
      testDescription: text,
      nodes: [Node(operation, inputs: ["x", "w"], outputs: ["y"], attributes: attributes)], input: input,
      weight: weight)
  }

  private static let cases = [
    convolution("1×1", [1, 400, 3, 3], [600, 400, 1, 1]),
    convolution("3×3, Winograd's or direct", [1, 96, 20, 20], [200, 96, 3, 3]),
    convolution("first layer", [1, 3, 12, 12], [140, 3, 7, 7]),
    convolution("grouped", [1, 64, 6, 6], [96, 32, 3, 3], group: 2),
    convolution("grouped, not in blocks", [1, 270, 6, 6], [63, 90, 3, 3], group: 3),
    convolution("depthwise", [1, 2000, 6, 6], [2000, 1, 3, 3], group: 2000),
    product("transposed", "Gemm", [2, 301], [701, 301], transposed: 1),
    product("not transposed", "Gemm", [2, 301], [301, 701]),
    product("of many rows", "MatMul", [3, 901], [901, 333]),
    product("of few columns", "MatMul", [3, 9001], [9001, 5]),
  ]

  private static func numbers(_ shape: [Int], seed: Int, positive: Bool = false) -> [Float] {
    (0..<shape.reduce(1, *)).map { index in
      let number = Float((index &* 7919 &+ seed &* 104_729) % 1021) / 1021
      return positive ? number + 0.5 : number - 0.5
    }
  }

  private static func tensor(_ shape: [Int], seed: Int, positive: Bool = false) throws -> Tensor {
    try Tensor(numbers(shape, seed: seed, positive: positive), shape: shape)
  }

  private static func definition(_ test: Case, weight: StoredTensor) throws -> ModelDefinition {
    var definition = model(
      test.nodes, inputs: [tensorInput("x", test.input.map { ShapeDimension(integerLiteral: Int64($0)) })],
      outputs: ["y"],
      constants: try Dictionary(
        uniqueKeysWithValues: test.constants.enumerated().map { index, entry in
          (entry.key, try tensor(entry.value, seed: index + 3, positive: true))
        }))
    definition.graph.initializers.append(NamedTensor(name: "w", tensor: weight))
    return definition
  }

  @Test("give what constants in memory give", arguments: cases)
  func same(test: Case) throws {
    let weight = try Self.tensor(test.weight, seed: 1)
    let input = try Self.tensor(test.input, seed: 2)
    let pieces = Pieces(weight)
    let stored = try StoredTensor(type: weight.type, shape: weight.shape, source: pieces)
    // The order of a dictionary differs from one to the next, the names in it tell the values.
    let resident = try Self.definition(test, weight: StoredTensor(weight))
    var piecewise = resident
    piecewise.graph.initializers = resident.graph.initializers.filter { $0.name != "w" }
    piecewise.graph.initializers.append(NamedTensor(name: "w", tensor: stored))
    let expected = try CompiledModel(resident, registry: Self.registry()).run(["x": input])["y"]
    let result = try CompiledModel(piecewise, registry: Self.registry()).run(["x": input])["y"]
    let bytes = try #require(result?.withUnsafeBytes { Array($0) })
    #expect(bytes == expected?.withUnsafeBytes { Array($0) })
    #expect(pieces.bytesRead.withLock { $0 } == weight.byteCount, "each byte is read once")
  }

  /// Weights that are stored as bfloat16 or int8, and made float32 by a Cast or a DequantizeLinear.
  @Test("are converted while they are read", arguments: cases, [ElementType.bfloat16, .int8])
  func converted(test: Case, type: ElementType) throws {
    let shape = test.weight
    let axis = test.nodes[0].operatorType == "Conv" || test.nodes[0].attributes.contains { $0.name == "transB" } ? 0 : 1
    let channels = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let scales = (0..<channels).map { Float($0 % 5 + 1) / 256 }
    let numbers = Self.numbers(shape, seed: 1)
    var stored: Tensor
    var values: [Float]
    var constants: [String: Tensor] = [:]
    var node = Node("Cast", inputs: ["stored"], outputs: ["w"], attributes: [Attribute("to", .int(1))])
    if type == .bfloat16 {
      let halves = numbers.map { UInt16($0.bitPattern >> 16) }
      stored = try Tensor(type: .bfloat16, shape: shape) { bytes in
        halves.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
      values = halves.map { Float(bitPattern: UInt32($0) << 16) }
    } else {
      let integers = numbers.map { Int8($0 * 250) }
      stored = try Tensor(integers, shape: shape)
      values = integers.enumerated().map { Float($1) * scales[$0 / inner % channels] }
      constants["stored@scale"] = try Tensor(scales, shape: [channels])
      node = Node(
        "DequantizeLinear", inputs: ["stored", "stored@scale"], outputs: ["w"],
        attributes: [Attribute("axis", .int(Int64(axis - shape.count)))])
    }
    let input = try Self.tensor(test.input, seed: 2)
    let pieces = Pieces(stored)
    let plain = try Self.definition(test, weight: StoredTensor(Tensor(values, shape: shape)))
    var rounded = plain
    rounded.graph.initializers = plain.graph.initializers.filter { $0.name != "w" }
    rounded.graph.initializers += constants.map { NamedTensor(name: $0.key, tensor: StoredTensor($0.value)) }
    rounded.graph.initializers.append(
      NamedTensor(name: "stored", tensor: try StoredTensor(type: type, shape: shape, source: pieces)))
    rounded.graph.nodes.insert(node, at: 0)
    let expected = try CompiledModel(plain, registry: Self.registry()).run(["x": input])["y"]
    let model = try CompiledModel(rounded, registry: Self.registry())
    let result = try model.run(["x": input])["y"]
    #expect(try #require(result?.withUnsafeBytes { Array($0) }) == expected?.withUnsafeBytes { Array($0) })
    #expect(pieces.bytesRead.withLock { $0 } == stored.byteCount, "each byte is read once")
    let steps = try model.steps(for: [test.input]).map(\.operatorType)
    #expect(!steps.contains("Cast") && !steps.contains("DequantizeLinear") && !steps.contains("BatchNormalization"))
  }

  @Test("tell what is wrong with them", arguments: cases)
  func failures(test: Case) throws {
    let weight = try Self.tensor(test.weight, seed: 1)
    let stored = try StoredTensor(
      type: weight.type, shape: weight.shape, source: Pieces(weight, isBroken: true))
    let error = try #require(throws: ZooError.self) {
      try CompiledModel(Self.definition(test, weight: stored), registry: Self.registry())
    }
    #expect(error.kind == .badData && error.message == "the end is damaged")
    #expect(error.location?.contains("constant \"") == true, "\(error)")
  }
}
