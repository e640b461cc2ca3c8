import ZooCore

/// The element type and shape of every value in a model's graph at the given shapes of its inputs, by name. Weights stay
/// where they are.
///
/// - Throws: `ZooError`: `badData` for a damaged graph or missing shapes, `unsupported` for an operator that no plugin
///   offers, and for a model whose shapes depend on its data.
public func inferredTypes(
  of definition: ModelDefinition, shapes: [String: [Int]], registry: OperatorRegistry
) throws -> [String: (type: ElementType, shape: [Int])] {
  var graph = try checkedGraph(definition)
  for input in graph.inputs {
    guard let shape = shapes[input.name], case .tensor(let number, _)? = input.type?.form,
      let type = ElementType(rawValue: number)
    else { throw ZooError(.badData, "type or shape of the input \"\(input.name)\" is not known") }
    graph.types[input.name] = ValueDescription(type: type, shape: shape)
  }
  guard try inferShapes(&graph, registry: registry) else {
    throw ZooError(.unsupported, "shapes of the model depend on its data")
  }
  return graph.types.compactMapValues { known in known.shape.map { (known.type, $0) } }
}
