package import ZooCore

/// Writes a graph of ONNX's operators, node by node, and gives each value a name of its own.
///
/// Readers of formats whose layers become one or more operators use it:
///
/// ```swift
/// var writer = GraphWriter(name: "network")
/// let sum = writer.node("Add", [x, y], name: "conv1/add")
/// ```
package struct GraphWriter {
  package private(set) var graph = Graph()
  private var values = UniqueNames()
  private var nodes = UniqueNames()

  package init(name: String) { graph.name = name }

  /// A value's name: `wanted`, or if that is taken, the same with a number behind it.
  package mutating func name(_ wanted: String) -> String { values.name(wanted) }

  /// Keeps `name` for a value that is written later. Says whether it was free.
  @discardableResult
  package mutating func reserve(_ name: String) -> Bool { values.reserve(name) }

  /// An input of the graph, whose name was reserved.
  package mutating func input(_ name: String, _ type: ElementType, _ shape: [ShapeDimension]) {
    graph.inputs.append(ValueInfo(name: name, elementType: type, shape: shape))
  }

  /// An output of the graph.
  package mutating func output(_ name: String, _ type: ElementType, _ shape: [ShapeDimension]) {
    graph.outputs.append(ValueInfo(name: name, elementType: type, shape: shape))
  }

  /// A constant; its elements stay where they are.
  package mutating func constant(_ tensor: StoredTensor, _ wanted: String) -> String {
    let name = name(wanted)
    graph.initializers.append(NamedTensor(name: name, tensor: tensor))
    return name
  }

  /// A constant of numbers; a list of them without a shape.
  package mutating func constant<Element: TensorElement>(
    _ numbers: [Element], shape: [Int]? = nil, _ wanted: String
  ) throws -> String {
    constant(StoredTensor(try Tensor(numbers, shape: shape ?? [numbers.count])), wanted)
  }

  /// A node of one output.
  ///
  /// - Parameters:
  ///   - name: The node's name.
  ///   - output: The value's name, which was reserved; `nil` for the node's.
  package mutating func node(
    _ operatorType: String, _ inputs: [String], _ attributes: [Attribute] = [], name wanted: String,
    output: String? = nil
  ) -> String {
    let output = output ?? values.name(wanted)
    nodes(operatorType, inputs, attributes, name: wanted, outputs: [output])
    return output
  }

  /// A node of any number of outputs, whose names are taken already.
  package mutating func nodes(
    _ operatorType: String, _ inputs: [String], _ attributes: [Attribute] = [], name: String, outputs: [String]
  ) {
    let name = self.nodes.name(name)
    graph.nodes.append(Node(operatorType, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  /// The graph as a model of that version of ONNX's operators.
  ///
  /// - Parameter producer: The format that it was read from.
  package func model(_ graph: Graph, operatorSet: Int64, producer: String) -> ModelDefinition {
    ModelDefinition(graph, operatorSets: [OperatorSet(version: operatorSet)], producer: producer)
  }
}

extension Attribute {
  package static func int(_ name: String, _ value: Int) -> Attribute { Attribute(name, .int(Int64(value))) }
  package static func float(_ name: String, _ value: Float) -> Attribute { Attribute(name, .float(value)) }
  package static func ints(_ name: String, _ values: [Int]) -> Attribute {
    Attribute(name, .ints(values.map(Int64.init)))
  }
}
