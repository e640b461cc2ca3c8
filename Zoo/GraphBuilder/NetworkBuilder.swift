import ZooCore

/// A graph in the making and the checkpoint's parameters that its layers take.
public struct NetworkBuilder {
  public typealias Value = GraphBuilder.Value

  public var graph: GraphBuilder
  public var parameters: Parameters

  public init(_ name: String, _ parameters: Parameters, operatorSet: Int64 = 23) {
    graph = GraphBuilder(name: name, operatorSet: operatorSet)
    self.parameters = parameters
  }

  /// The constant that the parameter `name` is.
  public mutating func parameter(_ name: String, _ shape: [Int], _ role: Parameters.Role = .weight) throws -> Value {
    graph.constant(try parameters.take(name, shape, role), name)
  }

  /// A fully connected layer on values of any rank.
  public mutating func linear(
    _ value: Value, _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true
  ) throws -> Value {
    try graph.projection(value, name, inputs: inputs, outputs: outputs, hasBias: hasBias, &parameters)
  }

  /// Normalization over the last axis.
  public mutating func normalization(
    _ value: Value, _ name: String, width: Int, epsilon: Float, hasBias: Bool = true
  ) throws -> Value {
    try graph.layerNormalization(value, name, width: width, epsilon: epsilon, hasBias: hasBias, &parameters)
  }

  /// Rows of the table `name.weight` (rows, width).
  public mutating func embedding(_ ids: Value, _ name: String, rows: Int, width: Int) throws -> Value {
    graph.node("Gather", name, [try parameter("\(name).weight", [rows, width]), ids])
  }

  /// The rows of the table `name.weight` (rows, width) for the places of `ids` (N, S), of which the first has the row
  /// `first`: (S, width).
  public mutating func positions(
    of ids: Value, _ name: String, rows: Int, first: Int = 0, width: Int
  ) throws -> Value {
    let table = try parameter("\(name).weight", [rows, width])
    let start = try graph.constant([Int64(first)], "\(name).start")
    let length = graph.node(
      "Shape", "\(name).length", [ids], [Attribute("start", .int(1)), Attribute("end", .int(2))])
    let end = first == 0 ? length : graph.add(length, start, "\(name).end")
    return graph.node("Slice", name, [table, start, end, try graph.constant([0], "\(name).axes")])
  }
}
