import AttentionPlugin
import CZooPlugin
import ConvPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// Every instruction set that the machine has.
let instructionSets = CPU.ISA.allCases.filter { $0.rawValue <= CPU.current.isa.rawValue }

/// Those, with and without each of the extensions that the machine has.
let processors = instructionSets.flatMap { isa in
  let features = CPU(isa: isa).features
  return (0...features).filter { $0 & features == $0 }.map { chosen in
    var cpu = CPU(isa: isa)
    cpu.features = chosen
    return cpu
  }
}

/// The shipped plugins, made for one instruction set.
func registry(_ isa: CPU.ISA) throws -> OperatorRegistry { try registry(on: CPU(isa: isa)) }

/// The shipped plugins, made for a processor.
func registry(on cpu: CPU) throws -> OperatorRegistry {
  let registry = OperatorRegistry()
  let host = HostTable(cpu: cpu).pointer
  try registry.register(#require(standardPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
  try registry.register(#require(convPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
  try registry.register(#require(attentionPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
  return registry
}

/// A small graph that can be run compiled, or node by node.
struct Sample {
  static let opset: Int64 = 20
  var operatorSet = Sample.opset

  var nodes: [Node] = []
  var inputs: [(name: String, tensor: Tensor)] = []
  var constants: [(name: String, tensor: Tensor)] = []
  var outputs: [String] = []

  func compiled(_ isa: CPU.ISA, precision: Precision = .float32) throws -> CompiledModel {
    try compiled(on: CPU(isa: isa), Arithmetic(precision))
  }

  func compiled(on cpu: CPU, _ arithmetic: Arithmetic) throws -> CompiledModel {
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: operatorSet)]
    definition.graph.nodes = nodes
    definition.graph.inputs = inputs.map {
      ValueInfo(
        name: $0.name, elementType: $0.tensor.type, shape: $0.tensor.shape.map { ShapeDimension(.fixed(Int64($0))) })
    }
    definition.graph.outputs = outputs.map { ValueInfo(name: $0) }
    definition.graph.initializers = constants.map { NamedTensor(name: $0.name, tensor: StoredTensor($0.tensor)) }
    return try CompiledModel(
      definition, registry: registry(on: cpu), options: CompileOptions(arithmetic: arithmetic))
  }

  /// The outputs as compiled: fused, in blocked layouts, in one arena. Twice, as the second run finds a used arena.
  func run(_ isa: CPU.ISA) throws -> [Tensor] {
    let model = try compiled(isa)
    let given = Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, $0.tensor) })
    let first = try model.run(given)
    let second = try model.run(given)
    return try outputs.map { name in
      let (one, two) = (try #require(first[name]), try #require(second[name]))
      #expect(one.withUnsafeBytes { Array($0) } == two.withUnsafeBytes { Array($0) })
      return two
    }
  }

  /// The outputs with every operator by itself, each value in memory of its own.
  func runNodeByNode(_ isa: CPU.ISA = .generic) throws -> [Tensor] {
    let registry = try registry(isa)
    var values = Dictionary(uniqueKeysWithValues: (inputs + constants).map { ($0.name, $0.tensor) })
    for node in nodes {
      let results = try runOperator(
        node, inputs: node.inputs.map { $0.isEmpty ? nil : values[$0] }, opset: operatorSet, registry: registry)
      for (name, result) in zip(node.outputs, results) { values[name] = result }
    }
    return try outputs.map { try #require(values[$0]) }
  }
}

/// Numbers between -2 and 2 that look random and are the same each time.
struct Numbers {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func below(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int((state >> 20) % UInt64(limit))
  }

  mutating func tensor(_ shape: [Int], scale: Float = 1) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { _ in (Float(below(4001)) / 1000 - 2) * scale }, shape: shape)
  }
}

func expectClose(
  _ result: Tensor, _ expected: Tensor, _ tolerance: Float = 1e-4, _ comment: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try #require(result.shape == expected.shape, "\(comment)", sourceLocation: sourceLocation)
  let (values, wanted): ([Float], [Float]) = (try result.elements(), try expected.elements())
  // `!(a <= b)` counts a NaN as wrong.
  let worst = zip(values, wanted).map { abs($0 - $1) / max(1, abs($1)) }.first { !($0 <= tolerance) }
  #expect(worst == nil, "\(comment)", sourceLocation: sourceLocation)
}

/// The elements as those of another type.
func cast(_ isa: CPU.ISA, _ tensor: Tensor, _ type: ElementType) throws -> Tensor {
  let node = Node(
    "Cast", inputs: ["x"], outputs: ["y"], attributes: [Attribute("to", .int(Int64(type.rawValue)))])
  return try runOperator(node, inputs: [tensor], opset: Sample.opset, registry: registry(isa))[0]
}
