import ZooCore

/// Kernels by all that makes them the same apart from input shapes, so that another plan can share their packed weights.
final class KernelCache {
  struct Key: Hashable {
    private enum Operand: Hashable {
      case absent
      case constant(TensorIdentity)
      case value(type: Int32, layout: Int32, range: ClosedRange<Float>?)
    }

    private struct Step: Hashable {
      var operation: OperationKey
      var operands: [Int32]
    }

    private struct Output: Hashable {
      var type: Int32
      var layout: Int32
    }

    private var operation: OperationKey
    private var ownInputCount: Int
    private var operands: [Operand]
    private var epilogue: [Step]
    /// `nil` for those that nobody reads.
    private var outputs: [Output?]
    private var precision: Int32

    /// `nil` for a node that reads constants which hold for some shapes only.
    init?(_ entry: WorkNode, in graph: WorkGraph) {
      guard !entry.reads.contains(where: graph.shapeDependent.contains) else { return nil }
      operation = OperationKey(entry.node, opset: graph.opset(of: entry))
      ownInputCount = entry.ownInputs.count
      operands = entry.operands.map { name in
        if let constant = graph.constants[name] { return .constant(constant.identity) }
        guard let type = graph.types[name] else { return .absent }
        return .value(type: type.type.rawValue, layout: type.layout, range: graph.arithmetic.ranges[name])
      }
      epilogue = entry.numberedEpilogue.map { Step(operation: OperationKey($0.step), operands: $0.operands) }
      outputs = entry.node.outputs.map { name in
        graph.types[name].map { Output(type: $0.type.rawValue, layout: $0.layout) }
      }
      precision = graph.arithmetic.precision.rawValue
    }
  }

  private var kernels: [Key: KernelHandle] = [:]

  subscript(key: Key) -> KernelHandle? {
    get { kernels[key] }
    set { kernels[key] = newValue }
  }
}
