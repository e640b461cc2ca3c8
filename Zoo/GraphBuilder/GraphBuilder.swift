import ZooCore

/// Writes a network as a graph of ONNX operators, layer by layer.
///
/// Each layer names its node and its constants after the path that the module has in the checkpoint:
///
/// ```swift
/// var graph = GraphBuilder(name: "example")
/// let image = graph.input("input", .float32, ["N", 3, 32, 32])
/// let features = graph.relu(graph.conv(image, "conv1", weight: weight, padding: 1), "relu1")
/// graph.output(graph.flatten(graph.globalAveragePool(features, "pool"), "flatten"), "logits", .float32, ["N", 16])
/// let model = graph.model()
/// ```
package struct GraphBuilder {
  /// A value that some node computes.
  package struct Value: Sendable, Hashable {
    package let name: String

    package init(name: String) { self.name = name }
  }

  /// The version of ONNX's operators that is written: the first with all that the network needs.
  private let operatorSet: Int64
  private var graph = Graph()
  private var constants: Set<String> = []
  /// What is put before the names of nodes and their values, so that layers which share constants have names of their own.
  package var scope = ""
  /// Versions of domains beside ONNX's own, as far as nodes need them.
  private var domains: [String: Int64] = [:]

  package init(name: String, operatorSet: Int64 = 17) {
    self.operatorSet = operatorSet
    graph.name = name
  }

  /// The finished model.
  package func model(metadata: ModelMetadata = ModelMetadata()) -> ModelDefinition {
    let others = domains.sorted { $0.key < $1.key }.map { OperatorSet(domain: $0.key, version: $0.value) }
    var model = ModelDefinition(graph, operatorSets: [OperatorSet(version: operatorSet)] + others)
    model.metadata = metadata
    return model
  }

  /// An input of the model. A text among the extents is a symbol: `N` for the batch.
  package mutating func input(_ name: String, _ type: ElementType, _ shape: [ShapeDimension]) -> Value {
    graph.inputs.append(ValueInfo(name: name, elementType: type, shape: shape))
    return Value(name: name)
  }

  /// Makes `value` an output of the model, under the name `name`.
  package mutating func output(_ value: Value, _ name: String, _ type: ElementType, _ shape: [ShapeDimension]) {
    for node in graph.nodes.indices {
      graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == value.name ? name : $0 }
      graph.nodes[node].outputs = graph.nodes[node].outputs.map { $0 == value.name ? name : $0 }
    }
    graph.outputs.append(ValueInfo(name: name, elementType: type, shape: shape))
  }

  /// A constant; its elements stay where they are. One of that name is given again.
  package mutating func constant(_ tensor: StoredTensor, _ name: String) -> Value {
    guard constants.insert(name).inserted else { return Value(name: name) }
    graph.initializers.append(NamedTensor(name: name, tensor: tensor))
    return Value(name: name)
  }

  /// A constant list of whole numbers, as shapes and axes are given.
  package mutating func constant(_ numbers: [Int64], _ name: String) throws -> Value {
    try constant(StoredTensor(Tensor(numbers, shape: [numbers.count])), name)
  }

  /// A constant number.
  package mutating func constant(_ number: Float, _ name: String) throws -> Value {
    try constant(StoredTensor(Tensor([number], shape: [])), name)
  }

  /// A node of one output, which has the node's name. `nil` is an absent input.
  package mutating func node(
    _ operatorType: String, _ name: String, _ inputs: [Value?], _ attributes: [Attribute] = []
  ) -> Value {
    nodes(operatorType, name, inputs, outputs: [name], attributes)[0]
  }

  /// A node of an operator of another domain, in that version, with the outputs `outputs`: their names follow the node's.
  package mutating func node(
    _ operatorType: String, domain: String, version: Int64, _ name: String, _ inputs: [Value?],
    _ attributes: [Attribute] = [], outputs: [String]
  ) -> [Value] {
    domains[domain] = version
    let names = outputs.map { $0.isEmpty ? name : "\(name).\($0)" }
    return nodes(operatorType, domain: domain, name, inputs, outputs: names, attributes)
  }

  /// A node of several outputs.
  package mutating func nodes(
    _ operatorType: String, domain: String = "", _ name: String, _ inputs: [Value?], outputs: [String],
    _ attributes: [Attribute] = []
  ) -> [Value] {
    let outputs = outputs.map { scope + $0 }
    graph.nodes.append(
      Node(
        operatorType, domain: domain, name: scope + name, inputs: inputs.map { $0?.name ?? "" }, outputs: outputs,
        attributes: attributes))
    return outputs.map(Value.init)
  }
}
