import ZooCore
import ZooOperators

/// One change to a graph.
package protocol Pass: Sendable {
  /// What people call it.
  var name: String { get }
  func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws
}

/// What passes may ask.
package struct CompileContext: Sendable {
  package let provider: any OperatorProvider
  /// What makes equal constants of equal ones in each plan.
  package let derivations: ConstantDerivations
  /// Bytes that a run may take for what the graph makes.
  package let memory: Int

  package init(provider: any OperatorProvider, derivations: ConstantDerivations, memory: Int = .max) {
    (self.provider, self.derivations, self.memory) = (provider, derivations, memory)
  }
}

/// What plugins offer, as the compiler asks for it. It knows none of them by name.
package protocol OperatorProvider: Sendable {
  func offers(_ operatorType: String, domain: String, opset: Int64) -> Bool
  /// Facts of a node's outputs, for operators that are not declared.
  func infer(_ node: CompilerNode, in graph: CompilerGraph) throws -> [ValueFacts]
  /// What a node gives whose inputs are all constant; `nil` where outputs of unknown shapes turn out to take more than
  /// `mostBytes`.
  func evaluate(_ node: CompilerNode, in graph: CompilerGraph, mostBytes: Int) throws -> [Tensor]?
  /// Whether the node's operator can fold steps onto its end at all.
  func foldsSteps(_ node: CompilerNode) -> Bool
  /// Whether it can apply `step` after the epilogue that the node has.
  func accepts(_ step: FusedStep, on node: CompilerNode, in graph: CompilerGraph) throws -> Bool
  /// The layouts that it wants for the node's operands, those of bodies left out, and gives its outputs.
  func layouts(of node: CompilerNode, in graph: CompilerGraph) throws -> (operands: [Layout], outputs: [Layout])
  /// Has people told once a model what is odd about the value of that name.
  func warn(of value: String, _ message: String)
  /// The domain whose Reorder copies plain tensors to `layout` and back.
  func reorderDomain(of layout: Layout) -> String
}

/// Runs the passes over `graph`. Debug builds verify it after each of them.
package func optimize(_ graph: inout CompilerGraph, _ context: CompileContext, passes: [any Pass]) throws {
  for pass in passes {
    try pass.run(&graph, context)
    #if DEBUG
      try graph.verify(after: pass.name)
    #endif
  }
}
