import ZooCore

extension ModelDefinition {
  /// The earliest IR version which the operator sets and the contents allow (onnx/docs/Versioning.md).
  var neededIRVersion: Int64 {
    var version = operatorSets.map(Self.irVersion(of:)).max() ?? 3
    // Constants that are no inputs came with version 4.
    if Self.hasInnerConstants(graph) { version = max(version, 4) }
    if !functions.isEmpty { version = max(version, 8) }
    if functions.contains(where: { !$0.overload.isEmpty }) { version = max(version, 10) }
    for type in elementTypes { version = max(version, Self.irVersion(of: type)) }
    return version
  }

  private static func hasInnerConstants(_ graph: Graph) -> Bool {
    let inputs = Set(graph.inputs.map(\.name))
    guard graph.initializers.allSatisfy({ inputs.contains($0.name) }) else { return true }
    return graph.nodes.contains { $0.subgraphs.contains(where: hasInnerConstants) }
  }

  /// The IR version that came with a version of an operator set.
  private static func irVersion(of set: OperatorSet) -> Int64 {
    let starts: [(version: Int64, irVersion: Int64)] =
      switch set.domain {
      case "", "ai.onnx":
        [
          (28, 14), (25, 13), (24, 12), (23, 11), (21, 10), (19, 9), (15, 8), (12, 7), (11, 6), (10, 5), (9, 4), (1, 3),
        ]
      case "ai.onnx.ml": [(5, 10), (4, 9), (3, 8), (2, 6), (1, 3)]
      default: []
      }
    return starts.first { set.version >= $0.version }?.irVersion ?? 3
  }

  /// The IR version that brought an element type.
  private static func irVersion(of type: ElementType) -> Int64 {
    switch type {
    case .bfloat16: 4
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: 9
    case .uint4, .int4: 10
    case .float4e2m1: 11
    case .float8e8m0: 12
    case .uint2, .int2: 13
    case .float6e2m3, .float6e3m2: 14
    default: 3
    }
  }

  /// Types of constants, inputs, outputs and what the file says in between.
  private var elementTypes: Set<ElementType> {
    var types: Set<ElementType> = []
    func visit(_ type: ValueType) {
      switch type.form {
      case .tensor(let element, _), .sparseTensor(let element, _):
        if let element = ElementType(rawValue: element) { types.insert(element) }
      case .sequence(let inner), .optional(let inner), .map(_, let inner): visit(inner)
      default: break
      }
    }
    func visit(_ graph: Graph) {
      for tensor in graph.initializers { types.insert(tensor.tensor.type) }
      for info in graph.inputs + graph.outputs + graph.values { if let type = info.type { visit(type) } }
      for node in graph.nodes {
        for case .tensor(let tensor) in node.attributes.map(\.value) { types.insert(tensor.tensor.type) }
        for graph in node.subgraphs { visit(graph) }
      }
    }
    visit(graph)
    return types
  }
}
