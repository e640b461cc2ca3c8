import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost

/// The element type and shape of every value in a model's graph at the given shapes of its inputs, by name. Weights stay
/// where they are.
///
/// - Throws: `ZooError`: `badData` for a damaged graph or missing shapes, `unsupported` for an operator that no plugin
///   offers, and for a model whose shapes depend on its data.
public func inferredTypes(
  of definition: ModelDefinition, shapes: [String: [Int]], registry: OperatorRegistry
) throws -> [String: (type: ElementType, shape: [Int])] {
  var imported = try ImportedModel.reading(definition)
  for (input, value) in zip(
    definition.graph.inputs.filter { imported.values[ExactText($0.name)] != nil }, imported.graph.inputs)
  {
    guard let shape = shapes[input.name], let type = input.type.flatMap(ValueKind.init)?.elementType else {
      throw ZooError(.badData, "type or shape of the input \"\(input.name)\" is not known")
    }
    imported.graph[value].facts = ValueFacts(type, shape)
  }
  let provider = PluginProvider(registry: registry, arithmetic: Arithmetic())
  try InferFacts().run(&imported.graph, CompileContext(provider: provider, derivations: ConstantDerivations()))
  var types: [String: (type: ElementType, shape: [Int])] = [:]
  for (name, value) in imported.values {
    let facts = imported.graph[value].facts
    guard let type = facts.elementType, let shape = facts.fixedShape else {
      throw ZooError(.unsupported, "shapes or branches of the model depend on its data")
    }
    types[name.text] = (type, shape)
  }
  return types
}
