import ZooCore

/// A graph in the making and the checkpoint's parameters that its layers take.
package struct NetworkBuilder {
  package typealias Value = GraphBuilder.Value

  package var graph: GraphBuilder
  package var parameters: Parameters

  package init(_ name: String, _ parameters: Parameters, operatorSet: Int64 = 23) {
    graph = GraphBuilder(name: name, operatorSet: operatorSet)
    self.parameters = parameters
  }

  /// The constant that the parameter `name` is.
  package mutating func parameter(_ name: String, _ shape: [Int], _ role: Parameters.Role = .weight) throws -> Value {
    graph.constant(try parameters.take(name, shape, role), name)
  }

  /// A fully connected layer on values of any rank.
  package mutating func linear(
    _ value: Value, _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true
  ) throws -> Value {
    try graph.projection(value, name, inputs: inputs, outputs: outputs, hasBias: hasBias, &parameters)
  }

  /// Normalization over the last axis.
  package mutating func normalization(
    _ value: Value, _ name: String, width: Int, epsilon: Float, hasBias: Bool = true
  ) throws -> Value {
    try graph.layerNormalization(value, name, width: width, epsilon: epsilon, hasBias: hasBias, &parameters)
  }

  /// Rows of the table `name.weight` (rows, width).
  package mutating func embedding(_ ids: Value, _ name: String, rows: Int, width: Int) throws -> Value {
    graph.node("Gather", name, [try parameter("\(name).weight", [rows, width]), ids])
  }

  /// The rows of the table `name.weight` (rows, width) for the places of `ids` (N, S), of which the first has the row
  /// `first`: (S, width).
  package mutating func positions(
    of ids: Value, _ name: String, rows: Int, first: Int = 0, width: Int
  ) throws -> Value {
    let table = try parameter("\(name).weight", [rows, width])
    let start = try graph.constant([Int64(first)], "\(name).start")
    let length = graph.node(
      "Shape", "\(name).length", [ids], [Attribute("start", .int(1)), Attribute("end", .int(2))])
    let end = first == 0 ? length : graph.add(length, start, "\(name).end")
    return graph.node("Slice", name, [table, start, end, try graph.constant([0], "\(name).axes")])
  }

  /// How far each token of `ids` (N, S) lies behind each other one: (S, S), queries by keys.
  package mutating func distances(_ ids: Value, _ name: String) throws -> Value {
    let places = try places(ids, name)
    let rows = graph.node("Unsqueeze", "\(name).keys", [places, try graph.constant([0], "\(name).first_axis")])
    let columns = graph.node("Unsqueeze", "\(name).queries", [places, try graph.constant([1], "\(name).second_axis")])
    return graph.node("Sub", "\(name).distance", [rows, columns])
  }

  /// The places of the tokens of `ids` (N, S), from 0: (S).
  package mutating func places(_ ids: Value, _ name: String) throws -> Value {
    let length = graph.node(
      "Shape", "\(name).length", [ids], [Attribute("start", .int(1)), Attribute("end", .int(2))])
    func scalar(_ number: Int64, _ name: String) throws -> Value {
      graph.constant(StoredTensor(try Tensor([number], shape: [])), name)
    }
    let end = graph.node("Squeeze", "\(name).end", [length])
    return graph.node("Range", "\(name).places", [try scalar(0, "\(name).zero"), end, try scalar(1, "\(name).one")])
  }
}
