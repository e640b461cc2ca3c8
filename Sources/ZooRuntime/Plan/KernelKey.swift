import ZooCompiler
import ZooCore
import ZooPluginHost

/// All that makes kernels the same apart from input shapes, so that another plan can share their packed weights.
struct KernelKey: Hashable {
  private enum Operand: Hashable {
    case absent
    case constant(TensorIdentity)
    case value(type: ElementType?, layout: Layout, range: ClosedRange<Float>?)
  }

  private struct Step: Hashable {
    var operation: OperationKey
    /// Which of the step's operands is the value so far.
    var isSoFar: [Bool]
  }

  private struct Output: Hashable {
    var type: ElementType?
    var layout: Layout
  }

  private var operation: OperationKey
  private var ownInputCount: Int
  private var operands: [Operand]
  private var epilogue: [Step]
  /// `nil` for those that nobody reads.
  private var outputs: [Output?]
  private var precision: Precision

  /// `nil` for a node that reads constants which hold for some shapes only, or runs graphs.
  init?(_ node: CompilerNode, in graph: CompilerGraph, _ arithmetic: Arithmetic) {
    let operands = node.operands
    guard node.bodies.isEmpty, !operands.contains(where: { $0.map { graph[$0].holdsForShapes } ?? false }) else {
      return nil
    }
    operation = OperationKey(node)
    ownInputCount = node.inputs.count
    self.operands = operands.map { operand in
      guard let operand else { return .absent }
      let value = graph[operand]
      if let constant = value.constant { return .constant(constant.identity) }
      return .value(
        type: value.facts.elementType, layout: value.layout, range: graph[value.copyOf ?? operand].range)
    }
    epilogue = node.epilogue.map { Step(operation: OperationKey($0), isSoFar: $0.operands.map { $0 == nil }) }
    outputs = node.outputs.map { output in
      output.map { Output(type: graph[$0].facts.elementType, layout: graph[$0].layout) }
    }
    precision = arithmetic.precision
  }
}
