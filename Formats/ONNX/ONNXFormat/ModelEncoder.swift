import ZooCore

/// Turns ZooCore's values into ONNX's messages, field numbers as in Schema/onnx.proto, fields in rising order and
/// unknown ones last.
struct ModelEncoder {
  /// `nil` where no tensor can be external.
  let placement: ExternalPlacement?

  func model(_ model: ModelDefinition) throws -> MessageEncoder {
    var message = MessageEncoder()
    message.integer(1, model.irVersion)
    message.text(2, model.producerName)
    message.text(3, model.producerVersion)
    message.text(4, model.domain)
    message.integer(5, model.modelVersion)
    message.text(6, model.documentation)
    try message.message(7) { try graph(model.graph, into: &$0) }
    operatorSets(8, model.operatorSets, into: &message)
    message.properties(14, model.properties)
    if let metadata = try MetadataProperty.property(model.metadata) { message.properties(14, [metadata]) }
    for function in model.functions { try message.message(25) { try self.function(function, into: &$0) } }
    message.unknownFields(model.unknownFields)
    return message
  }

  func graph(_ graph: Graph, into message: inout MessageEncoder) throws {
    try nodes(1, graph.nodes, into: &message)
    message.text(2, graph.name)
    for tensor in graph.initializers where tensor.sparse == nil {
      try message.message(5) { try self.tensor(tensor, isInitializer: true, into: &$0) }
    }
    message.text(10, graph.documentation)
    for input in graph.inputs { message.message(11) { valueInfo(input, into: &$0) } }
    for output in graph.outputs { message.message(12) { valueInfo(output, into: &$0) } }
    for value in graph.values { message.message(13) { valueInfo(value, into: &$0) } }
    for sparse in graph.initializers.compactMap(\.sparse) {
      try message.message(15) { try tensor(sparse, isInitializer: true, into: &$0) }
    }
    message.properties(16, graph.properties)
    message.unknownFields(graph.unknownFields)
  }

  private func nodes(_ number: Int32, _ nodes: [Node], into message: inout MessageEncoder) throws {
    for node in nodes {
      try message.message(number) { message in
        for input in node.inputs { message.requiredText(1, input) }
        for output in node.outputs { message.requiredText(2, output) }
        message.text(3, node.name)
        message.text(4, node.operatorType)
        try attributes(5, node.attributes, into: &message)
        message.text(6, node.documentation)
        message.text(7, node.domain)
        message.text(8, node.overload)
        message.properties(9, node.properties)
        message.unknownFields(node.unknownFields)
      }
    }
  }

  private func function(_ function: Function, into message: inout MessageEncoder) throws {
    message.text(1, function.name)
    for input in function.inputs { message.requiredText(4, input) }
    for output in function.outputs { message.requiredText(5, output) }
    for attribute in function.attributes { message.requiredText(6, attribute) }
    try nodes(7, function.nodes, into: &message)
    message.text(8, function.documentation)
    operatorSets(9, function.operatorSets, into: &message)
    message.text(10, function.domain)
    try attributes(11, function.attributeDefaults, into: &message)
    for value in function.values { message.message(12) { valueInfo(value, into: &$0) } }
    message.text(13, function.overload)
    message.properties(14, function.properties)
    message.unknownFields(function.unknownFields)
  }

  private func operatorSets(_ number: Int32, _ sets: [OperatorSet], into message: inout MessageEncoder) {
    for set in sets {
      message.message(number) {
        $0.requiredText(1, set.domain)
        $0.requiredInteger(2, set.version)
      }
    }
  }
}
