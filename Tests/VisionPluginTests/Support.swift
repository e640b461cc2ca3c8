import CZooPlugin
import StandardPlugin
import Testing
import VisionPlugin
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

let instructionSets = CPU.ISA.allCases.filter { $0.rawValue <= CPU.current.isa.rawValue }

/// What one node of the plugin gives.
func run(
  _ operatorType: String, domain: String = "zoo.vision", _ inputs: [Tensor], _ attributes: [Attribute] = [],
  outputs: Int = 1, on isa: CPU.ISA = CPU.current.isa
) throws -> [Tensor] {
  let registry = OperatorRegistry()
  let host = HostTable(cpu: CPU(isa: isa)).pointer
  try registry.register(#require(visionPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
  try registry.register(#require(standardPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
  var definition = ModelDefinition()
  definition.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "zoo.vision", version: 1)]
  definition.graph.inputs = inputs.enumerated().map { index, tensor in
    ValueInfo(
      name: "input\(index)", elementType: tensor.type, shape: tensor.shape.map { ShapeDimension(.fixed(Int64($0))) })
  }
  definition.graph.outputs = (0..<outputs).map { ValueInfo(name: "output\($0)") }
  definition.graph.nodes = [
    Node(
      operatorType, domain: domain, name: "node", inputs: definition.graph.inputs.map(\.name),
      outputs: definition.graph.outputs.map(\.name), attributes: attributes)
  ]
  let model = try CompiledModel(definition, registry: registry)
  let given = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ("input\($0)", $1) })
  let results = try model.run(given)
  return try (0..<outputs).map { try #require(results["output\($0)"]) }
}

/// Numbers from 0 to 1 that look random and are the same each time.
struct Numbers {
  var state: UInt64 = 1

  mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(state >> 40) * 0x1p-24
  }
}

/// Left, top, right, bottom.
struct Corners: Hashable {
  var left, top, right, bottom: Float

  func overlap(_ other: Corners) -> Float {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    guard width > 0, height > 0 else { return 0 }
    let area = (right - left) * (bottom - top) + (other.right - other.left) * (other.bottom - other.top)
    return width * height / (area - width * height)
  }
}

func corners(_ tensor: Tensor, count: Int) throws -> [Corners] {
  let values = try tensor.elements(Float.self)
  return (0..<count).map {
    Corners(left: values[4 * $0], top: values[4 * $0 + 1], right: values[4 * $0 + 2], bottom: values[4 * $0 + 3])
  }
}
