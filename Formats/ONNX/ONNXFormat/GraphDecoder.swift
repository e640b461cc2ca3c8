import CONNXSchema
import ZooCore

extension MessageDecoder {
  func graph(_ message: Onnx__GraphProto) throws -> Graph {
    var graph = Graph()
    graph.name = try text(message.name)
    graph.nodes = try nodes(message.node, message.n_node)
    graph.initializers =
      try map(message.initializer, message.n_initializer, "initializer", tensor)
      + map(message.sparse_initializer, message.n_sparse_initializer, "sparse initializer", sparseTensor)
    graph.inputs = try valueInfos(message.input, message.n_input, "input")
    graph.outputs = try valueInfos(message.output, message.n_output, "output")
    graph.values = try valueInfos(message.value_info, message.n_value_info, "value")
    graph.documentation = try text(message.doc_string)
    graph.properties = try properties(message.metadata_props, message.n_metadata_props)
    graph.unknownFields = unknownFields(message.base)
    return graph
  }

  func nodes(_ list: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__NodeProto>?>?, _ count: Int) throws -> [Node] {
    try map(list, count, "node") { message in
      var node = try Node(
        text(message.op_type), domain: text(message.domain), name: text(message.name),
        inputs: texts(message.input, message.n_input), outputs: texts(message.output, message.n_output))
      node.overload = try text(message.overload)
      node.documentation = try text(message.doc_string)
      node.properties = try properties(message.metadata_props, message.n_metadata_props)
      node.unknownFields = unknownFields(message.base)
      node.attributes = try located(node.label) {
        try attributes(message.attribute, message.n_attribute)
      }
      return node
    }
  }
}
