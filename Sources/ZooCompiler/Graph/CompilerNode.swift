import ZooCore
import ZooOperators

/// One operator applied to values of a graph.
package struct CompilerNode: Sendable {
  /// Empty for ONNX's own.
  package var domain: String
  package var operatorType: String
  /// The version of the domain by which the node is to be understood.
  package var opset: Int64
  /// How errors and profiles name the node.
  package var name: String
  /// Without graphs, which are `bodies`.
  package var attributes: [Attribute]
  /// The operator's own inputs, `nil` for those that are left out; none at the end.
  package var inputs: [ValueID?]
  /// `nil` for outputs that nobody wants.
  package var outputs: [ValueID?]
  /// Operators folded onto the node's end.
  package var epilogue: [FusedStep] = []
  /// Graphs that the node runs, by the attribute that holds them.
  package var bodies: [Body] = []

  package init(
    _ operatorType: String, domain: String = "", opset: Int64, name: String, inputs: [ValueID?], outputs: [ValueID?],
    attributes: [Attribute] = []
  ) {
    (self.operatorType, self.domain, self.opset, self.name) = (operatorType, domain, opset, name)
    (self.outputs, self.attributes) = (outputs, attributes)
    self.inputs = Array(inputs[..<((inputs.lastIndex { $0 != nil } ?? -1) + 1)])
  }

  /// The node's inputs, the operands of its epilogue, and what its bodies read of the graph around them.
  package var operands: [ValueID?] {
    inputs + epilogue.flatMap { $0.operands.compactMap { $0.map(Optional.some) } } + bodies.flatMap(\.captures)
  }

  /// How errors name the node: `Conv "layer1.0.conv1"`.
  package var label: String { "\(domain.isEmpty ? operatorType : "\(domain).\(operatorType)") \"\(name)\"" }

  package func isOperator(_ type: String) -> Bool { operatorType == type && domain.isEmpty }

  /// What is declared of the operator; `nil` for one that only a plugin knows.
  package var declaration: OperatorDeclaration? { OperatorCatalogue.declaration(operatorType, domain: domain) }

  package subscript(attribute name: String) -> Attribute.Value? { attributes.first { $0.name == name }?.value }

  mutating func replaceOperands(_ replace: (ValueID) -> ValueID) {
    inputs = inputs.map { $0.map(replace) }
    for step in epilogue.indices { epilogue[step].operands = epilogue[step].operands.map { $0.map(replace) } }
    for body in bodies.indices { bodies[body].captures = bodies[body].captures.map(replace) }
  }
}

/// An elementwise operator of ONNX's own domain, folded onto the end of a node.
package struct FusedStep: Sendable {
  package var operatorType: String
  package var attributes: [Attribute]
  /// `nil` is the value computed so far.
  package var operands: [ValueID?]
}

/// A graph that a node runs. Its inputs are what the operator gives it, then what it reads of the graph around the node.
package struct Body: Sendable {
  /// The attribute that holds it.
  package var name: String
  package var graph: CompilerGraph
  /// How many of the graph's inputs the operator gives.
  package var ownInputCount: Int
  /// Values of the graph around the node, for the other inputs.
  package var captures: [ValueID]
  /// Whether the attribute holds a list of graphs, of which this is one.
  package var isListed = false
}

extension CompilerNode {
  /// Another operator on other values that gives what this node gives.
  package func replaced(
    by operatorType: String, domain: String = "", opset: Int64, _ inputs: [ValueID?], _ attributes: [Attribute] = []
  ) -> CompilerNode {
    CompilerNode(
      operatorType, domain: domain, opset: opset, name: name, inputs: inputs, outputs: outputs, attributes: attributes)
  }
}
