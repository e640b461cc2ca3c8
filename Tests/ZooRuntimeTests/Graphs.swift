import ZooCore

func tensorInput(_ name: String, _ shape: [ShapeDimension], _ type: ElementType = .float32) -> ValueInfo {
  ValueInfo(name: name, elementType: type, shape: shape)
}

/// A model of `nodes` with opset 17 of ONNX and version 1 of the test domain.
func model(
  _ nodes: [Node], inputs: [ValueInfo], outputs: [String], constants: [String: Tensor] = [:]
) -> ModelDefinition {
  var definition = ModelDefinition()
  definition.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "test", version: 1)]
  definition.graph.nodes = nodes
  definition.graph.inputs = inputs
  definition.graph.outputs = outputs.map { ValueInfo(name: $0) }
  definition.graph.initializers = constants.sorted { $0.key < $1.key }.map {
    NamedTensor(name: $0.key, tensor: StoredTensor($0.value))
  }
  return definition
}
