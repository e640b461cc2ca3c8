import ZooCompiler
import ZooOperators
import ZooPluginHost
import ZooRuntime

/// A part of a compiled network that is planned at once, for people: it ends where shapes are needed that only running tells.
public struct RegionReport: Sendable {
  /// The nodes that remain after folding and fusion, in the order in which they are computed. Of a region that is not planned
  /// yet, the nodes as they wait for their shapes.
  public var steps: [Step]
  /// Bytes of memory that each run takes for what lies between the steps; `nil` for a region that is not planned before its
  /// shapes are there.
  public var arenaByteCount: Int?

  public struct Step: Sendable {
    public var node: String
    /// With its domain, if that is not ONNX's own.
    public var operatorType: String
    /// Operators folded onto the node's end.
    public var epilogue: [String]
    public var outputs: [Output]
    /// How the kernel computes, in its plugin's words.
    public var kernel: String?
    /// Whose operator it is; `nil` for what the runtime does itself, and where nothing is planned yet.
    public var plugin: CompiledModel.Step.PluginName?
    /// Scratch memory in bytes.
    public var workspaceByteCount: Int
    /// The graphs that the node runs.
    public var bodies: [Body]
  }

  public struct Output: Sendable {
    public var value: ValueInfo
    /// How its elements lie in memory: `plain` is row-major.
    public var layout: String
  }

  public struct Body: Sendable {
    /// The attribute that holds it.
    public var name: String
    public var regions: [RegionReport]
  }

  init(_ region: CompiledRegion) {
    arenaByteCount = region.steps == nil ? nil : region.arenaByteCount
    steps = region.graph.nodes.enumerated().map { place, id in
      let (node, step) = (region.graph[id], region.steps?[place])
      return Step(
        node: node.name, operatorType: node.domain.isEmpty ? node.operatorType : "\(node.domain).\(node.operatorType)",
        epilogue: node.epilogue.map(\.operatorType),
        outputs: node.outputs.compactMap { output in
          output.map { Output(region.graph[$0]) }
        },
        kernel: step?.summary, plugin: step?.plugin, workspaceByteCount: step?.workspaceByteCount ?? 0,
        bodies: (region.bodies[place] ?? []).map { body in
          Body(name: body.name, regions: body.regions.map(RegionReport.init))
        })
    }
  }
}

extension RegionReport.Output {
  fileprivate init(_ known: CompilerValue) {
    value = ValueInfo(name: known.name, type: known.facts.kind.map { ValueType($0, known.facts.shape) })
    layout = LayoutTable.name(of: known.layout)
  }
}

extension ValueType {
  /// - Parameter shape: That of a tensor, or of those in a sequence or an optional value.
  fileprivate init(_ kind: ValueKind, _ shape: [Dim]?) {
    let dimensions = shape?.map { extent in
      ShapeDimension(extent.number.map { .fixed(Int64($0)) } ?? .symbol(extent.description))
    }
    switch kind {
    case .tensor(let type): self.init(.tensor(elementType: type.rawValue, shape: dimensions))
    case .sparseTensor(let type): self.init(.sparseTensor(elementType: type.rawValue, shape: dimensions))
    case .sequence(let element): self.init(.sequence(ValueType(element, shape)))
    case .optional(let element): self.init(.optional(ValueType(element, shape)))
    case .map(let key, let value): self.init(.map(keyType: key.rawValue, value: ValueType(value, nil)))
    }
  }
}
