import CONNXSchema
import CProtobufC
import ZooCore

extension MessageDecoder {
  func model(_ message: Onnx__ModelProto) throws -> ModelDefinition {
    guard let graph = message.graph else {
      throw ZooError(.badData, "the file holds no graph", advice: "it is damaged or not an ONNX model")
    }
    var model = ModelDefinition()
    model.irVersion = message.ir_version
    model.operatorSets = try operatorSets(message.opset_import, message.n_opset_import)
    model.producerName = try text(message.producer_name)
    model.producerVersion = try text(message.producer_version)
    model.domain = try text(message.domain)
    model.modelVersion = message.model_version
    model.documentation = try text(message.doc_string)
    model.graph = try self.graph(graph.pointee)
    model.functions = try map(message.functions, message.n_functions, "function", function)
    model.properties = try properties(message.metadata_props, message.n_metadata_props)
    model.metadata = try MetadataProperty.take(from: &model.properties)
    model.unknownFields = unknownFields(message.base)
    return model
  }

  private func function(_ message: Onnx__FunctionProto) throws -> Function {
    var function = Function()
    function.name = try text(message.name)
    function.domain = try text(message.domain)
    function.overload = try text(message.overload)
    function.inputs = try texts(message.input, message.n_input)
    function.outputs = try texts(message.output, message.n_output)
    function.attributes = try texts(message.attribute, message.n_attribute)
    function.attributeDefaults = try attributes(message.attribute_proto, message.n_attribute_proto)
    function.nodes = try nodes(message.node, message.n_node)
    function.operatorSets = try operatorSets(message.opset_import, message.n_opset_import)
    function.values = try valueInfos(message.value_info, message.n_value_info, "value")
    function.documentation = try text(message.doc_string)
    function.properties = try properties(message.metadata_props, message.n_metadata_props)
    function.unknownFields = unknownFields(message.base)
    return function
  }

  /// Unpacks the message that the file holds, and hands it to `body` for the time of the call.
  ///
  /// - Throws: `ZooError` (`badData`) where the file is damaged or beyond the limits of `Skeleton`.
  func withUnpacked<Message, Result>(
    initialize: (UnsafeMutablePointer<Message>) -> Void, as _: Message.Type = Message.self,
    _ body: (Message) throws -> Result
  ) throws -> Result {
    // An initialised message knows its descriptor, whose address is needed and which Swift would copy.
    let blank = UnsafeMutablePointer<Message>.allocate(capacity: 1)
    defer { blank.deallocate() }
    initialize(blank)
    let descriptor = UnsafeMutableRawPointer(blank).assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor
    guard let descriptor else { throw ZooError(.defect, "a message has no descriptor") }
    let skeleton = try Skeleton(of: file.bytes, descriptor: descriptor).bytes
    guard let message = protobuf_c_message_unpack(descriptor, nil, skeleton.count, skeleton) else {
      throw ZooError(.badData, "not a valid \(String(cString: descriptor.pointee.name)) message")
    }
    defer { protobuf_c_message_free_unpacked(message, nil) }
    return try body(UnsafeMutableRawPointer(message).assumingMemoryBound(to: Message.self).pointee)
  }
}
