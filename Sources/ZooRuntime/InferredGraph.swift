import ZooCompiler
import ZooPluginHost

extension CompilerGraph {
  /// The graph with what the operators of `registry` tell of its values. Weights stay where they are.
  ///
  /// - Throws: `ZooError`: `badData` for values that don't fit together, `missingOperator` for one that no plugin offers.
  package func inferred(by registry: OperatorRegistry) throws -> CompilerGraph {
    var graph = self
    let provider = PluginProvider(registry: registry, arithmetic: Arithmetic())
    try InferFacts().run(&graph, CompileContext(provider: provider, derivations: ConstantDerivations()))
    return graph
  }
}
