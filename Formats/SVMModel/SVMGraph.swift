import ZooCore
import TensorFiles

/// Writes the graph of a model: nodes over the input `features`.
struct SVMGraph {
  private var graph = Graph()
  static let domain = "ai.onnx.ml"

  init(name: String, features: Int) {
    graph.name = name
    graph.inputs = [
      ValueInfo(name: "features", elementType: .float32, shape: ["N", ShapeDimension(.fixed(Int64(features)))])
    ]
  }

  @discardableResult
  mutating func node(
    _ type: String, domain: String = "", _ inputs: [String], _ outputs: [String], _ attributes: [Attribute] = []
  ) -> String {
    graph.nodes.append(
      Node(
        type, domain: domain, name: outputs[outputs.count - 1], inputs: inputs, outputs: outputs, attributes: attributes
      ))
    return outputs[outputs.count - 1]
  }

  mutating func constant(_ name: String, _ tensor: Tensor) -> String {
    graph.initializers.append(NamedTensor(name: name, tensor: StoredTensor(tensor)))
    return name
  }

  /// The columns of `value` in the order `columns`.
  mutating func columns(_ columns: [Int64], of value: String, _ name: String) throws -> String {
    let indices = constant("\(name)/columns", try Tensor(columns, shape: [columns.count]))
    return node("Gather", [value, indices], [name], [Attribute("axis", .int(1))])
  }

  mutating func output(_ name: String, _ type: ElementType, _ extents: Int...) {
    graph.outputs.append(
      ValueInfo(name: name, elementType: type, shape: ["N"] + extents.map { ShapeDimension(.fixed(Int64($0))) }))
  }

  func definition(labels: [Int]) -> ModelDefinition {
    var definition = ModelDefinition(
      graph, operatorSets: [OperatorSet(version: 17), OperatorSet(domain: Self.domain, version: 3)])
    definition.metadata.labels = labels.map(String.init)
    return definition
  }
}

extension Attribute {
  static func floats(_ name: String, _ values: some Sequence<Double>) -> Attribute {
    Attribute(name, .floats(values.map(Float.init)))
  }

  static func ints(_ name: String, _ values: some Sequence<Int>) -> Attribute {
    Attribute(name, .ints(values.map(Int64.init)))
  }
}

/// Heads of a network: `weight` (machines, features) and `bias` (machines).
func svmHeads(weight: [Double], bias: [Double], features: Int, labels: [Int]) throws -> TensorFile {
  let tensors = [
    NamedTensor(
      name: "weight", tensor: StoredTensor(try Tensor(weight.map(Float.init), shape: [bias.count, features]))),
    NamedTensor(name: "bias", tensor: StoredTensor(try Tensor(bias.map(Float.init), shape: [bias.count]))),
  ]
  let names = labels.map(String.init).joined(separator: " ")
  return TensorFile(tensors: tensors, metadata: labels.isEmpty ? [] : [Property(key: "labels", value: names)])
}
