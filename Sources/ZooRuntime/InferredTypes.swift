import ZooCore

/// The element type and shape of every value in a model's graph at the given shapes of its inputs, by name. Weights stay
/// where they are.
///
/// - Throws: `ZooError`: `badData` for a damaged graph or missing shapes, `unsupported` for an operator that no plugin
///   offers, and for a model whose shapes depend on its data.
public func inferredTypes(
  of definition: ModelDefinition, shapes: [String: [Int]], registry: OperatorRegistry
) throws -> [String: (type: ElementType, shape: [Int])] {
  let types = try ZooError.showingNames {
    var graph = try checkedGraph(definition)
    for input in graph.inputs {
      guard let shape = shapes[InternalName.shown(input.name)], case .tensor(let number, _)? = input.type?.form,
        let type = ElementType(rawValue: number)
      else { throw ZooError(.badData, "type or shape of the input \"\(input.name)\" is not known") }
      graph.types[input.name] = ValueDescription(type: type, shape: shape)
    }
    guard try inferShapes(&graph, registry: registry) else {
      throw ZooError(.unsupported, "shapes or branches of the model depend on its data")
    }
    return graph.types
  }
  let known = types.compactMap { name, known in known.shape.map { (InternalName.shown(name), (known.type, $0)) } }
  return Dictionary(known, uniquingKeysWith: { first, _ in first })
}
