import ZooCore

extension ModelDefinition {
  /// The versions of ONNX's own operator set that `converted(toOperatorSet:)` writes.
  package static let writableOperatorSets: ClosedRange<Int64> = 7...28

  /// The same model with ONNX's own operators in the forms that operator set `target` has.
  ///
  /// Operators which that version does not have are written with older ones where that is the same mathematically.
  /// Operators of other domains stay. The model's own functions stay where nothing in them changes, others are replaced
  /// by their bodies. The IR version is the earliest which the operator sets and the model's contents allow (the table
  /// in onnx/docs/Versioning.md), for a later operator set at least what it was.
  ///
  /// - Throws: `ZooError`: `usage` for a version out of range, `unsupported` for a node that the version has no form for,
  ///   with the nearest version that has one, `badData` for a model that its own operator set does not allow.
  package func converted(toOperatorSet target: Int64) throws -> ModelDefinition {
    guard Self.writableOperatorSets.contains(target) else {
      let range = Self.writableOperatorSets
      throw ZooError(
        .usage, "models are not written with operator set \(target)",
        advice: "choose a version from \(range.lowerBound) to \(range.upperBound)")
    }
    guard let source = version(ofDomain: "") else {
      // Nothing of ONNX's own operators.
      return self
    }
    guard (1...Self.writableOperatorSets.upperBound).contains(source) else {
      throw ZooError(.unsupported, "the model has operator set \(source), which is not known")
    }
    guard source != target else { return self }
    do {
      return try withInternalNames.convertedByInternalNames(from: source, to: target).withFileNames
    } catch var error as ZooError {
      error.message = InternalName.shown(error.message)
      error.location = error.location.map(InternalName.shown)
      throw error
    }
  }

  private func convertedByInternalNames(from source: Int64, to target: Int64) throws -> ModelDefinition {
    let library = FunctionLibrary(functions, target: target)
    let bench = Workbench(names: allNames)
    var conversion = GraphConversion(target: target, bench: bench, functions: library)
    var model = self
    model.graph = try conversion.convert(graph, from: source)
    let read = model.graph.readNames
    model.graph.initializers += bench.constants.filter { read.contains($0.name) }
    model.functions = library.remaining(of: functions)
    model.operatorSets = operatorSets.map {
      isDefault($0.domain) ? OperatorSet(domain: $0.domain, version: target) : $0
    }
    let needed = model.neededIRVersion
    model.irVersion = target > source || !model.unknownFields.isEmpty ? max(irVersion, needed) : needed
    return model
  }

  /// Every name of a value or a node, in its internal form.
  var allNames: Set<String> {
    var names: Set<String> = []
    func visit(_ graph: Graph) {
      for info in graph.inputs + graph.outputs + graph.values { names.insert(info.name) }
      for tensor in graph.initializers { names.insert(tensor.name) }
      for node in graph.nodes {
        names.insert(InternalName.ofFile(node.name))
        names.formUnion(node.inputs)
        names.formUnion(node.outputs)
        node.subgraphs.forEach(visit)
      }
    }
    visit(graph)
    return names
  }
}
