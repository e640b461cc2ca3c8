import Testing
import ZooCore
import ZooRuntime

/// Builds graphs node by node.
struct PatternBuilder {
  var sample = Sample()
  var numbers = Numbers(11)

  mutating func input(_ name: String, _ shape: [Int], scale: Float = 1) throws -> String {
    sample.inputs.append((name, try numbers.tensor(shape, scale: scale)))
    return name
  }

  mutating func number(_ value: Float) throws -> String {
    sample.constants.append(("c\(sample.constants.count)", try Tensor([value], shape: [])))
    return sample.constants.last?.name ?? ""
  }

  mutating func integers(_ values: [Int64]) throws -> String {
    sample.constants.append(("c\(sample.constants.count)", try Tensor(values, shape: [values.count])))
    return sample.constants.last?.name ?? ""
  }

  mutating func node(_ type: String, _ inputs: String..., attributes: [Attribute] = []) -> String {
    let output = "v\(sample.nodes.count)"
    sample.nodes.append(Node(type, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  mutating func transpose(_ value: String, _ order: [Int64]) -> String {
    node("Transpose", value, attributes: [Attribute("perm", .ints(order))])
  }

  mutating func reshape(_ value: String, _ shape: [Int64]) throws -> String {
    node("Reshape", value, try integers(shape))
  }

  /// Checks the compiled graph on every instruction set; gives the operators that are left.
  mutating func check(_ output: String, _ comment: String) throws -> [String] {
    sample.outputs = [output]
    let expected = try sample.runNodeByNode()
    for isa in instructionSets { try expectClose(sample.run(isa)[0], expected[0], 1e-4, "\(comment), \(isa)") }
    return try sample.compiled(.generic).steps(for: sample.inputs.map(\.tensor.shape)).map(\.operatorType)
  }
}
