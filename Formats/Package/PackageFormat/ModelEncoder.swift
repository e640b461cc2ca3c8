import CPackageSchema
import CProtobufC
import ZooCore

/// Turns a model into the bytes of `zoo.Model`, and sets long tensors aside for chunks.
struct ModelEncoder {
  /// The tensors that go to chunks, in their order.
  private(set) var payloads: [PackageWriter.Payload] = []
  private var chunkCount = 0
  private let compression: PackageFormat.Compression
  private let arena = MessageArena()
  /// Graphs and types inside each other, so that building stops before the stack ends.
  private var depth = 0

  init(compression: PackageFormat.Compression) { self.compression = compression }

  /// - Throws: `ZooError` (`badData`) for a model that the format can't hold.
  mutating func encode(_ model: ModelDefinition) throws -> [UInt8] {
    let message = arena.make(Zoo__Model(), zoo__model__init)
    message.pointee.has_ir_version = 1
    message.pointee.ir_version = model.irVersion
    (message.pointee.n_operator_sets, message.pointee.operator_sets) = try arena.list(model.operatorSets, encode)
    message.pointee.producer_name = try arena.text(model.producerName)
    message.pointee.producer_version = try arena.text(model.producerVersion)
    message.pointee.domain = try arena.text(model.domain)
    message.pointee.has_model_version = 1
    message.pointee.model_version = model.modelVersion
    message.pointee.documentation = try arena.text(model.documentation)
    message.pointee.graph = try encode(model.graph)
    (message.pointee.n_functions, message.pointee.functions) = try arena.list(model.functions) { try encode($0) }
    (message.pointee.n_properties, message.pointee.properties) = try arena.list(model.properties, encode)
    message.pointee.metadata = try encode(model.metadata)
    (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(model.unknownFields, encode)
    message.pointee.has_chunk_count = 1
    message.pointee.chunk_count = UInt64(chunkCount)

    let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(base)
    guard size < Layout.storedLimit else {
      throw ZooError(.badData, "the graph without its tensors takes \(size) bytes, more than a package can hold")
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = protobuf_c_message_pack(base, buffer.baseAddress)
    }
    // What this reader would refuse is not written.
    try bytes.withUnsafeBytes { try MessageCheck.check($0) }
    return bytes
  }

  private mutating func nested<Result>(_ body: (inout ModelEncoder) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Layout.depthLimit else { throw MessageCheck.tooDeep }
    return try body(&self)
  }

  // MARK: Graphs

  private mutating func encode(_ graph: Graph) throws -> UnsafeMutablePointer<Zoo__Graph>? {
    try nested { encoder in
      let arena = encoder.arena
      let message = arena.make(Zoo__Graph(), zoo__graph__init)
      message.pointee.name = try arena.text(graph.name)
      (message.pointee.n_nodes, message.pointee.nodes) = try arena.list(graph.nodes) { try encoder.encode($0) }
      (message.pointee.n_initializers, message.pointee.initializers) = try arena.list(graph.initializers) {
        try encoder.encode($0)
      }
      (message.pointee.n_inputs, message.pointee.inputs) = try arena.list(graph.inputs) { try encoder.encode($0) }
      (message.pointee.n_outputs, message.pointee.outputs) = try arena.list(graph.outputs) { try encoder.encode($0) }
      (message.pointee.n_values, message.pointee.values) = try arena.list(graph.values) { try encoder.encode($0) }
      message.pointee.documentation = try arena.text(graph.documentation)
      (message.pointee.n_properties, message.pointee.properties) = try arena.list(graph.properties, encoder.encode)
      (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(
        graph.unknownFields, encoder.encode)
      return message
    }
  }

  private mutating func encode(_ node: Node) throws -> UnsafeMutablePointer<Zoo__Node>? {
    let message = arena.make(Zoo__Node(), zoo__node__init)
    message.pointee.name = try arena.text(node.name)
    message.pointee.domain = try arena.text(node.domain)
    message.pointee.operator_type = try arena.text(node.operatorType)
    message.pointee.overload = try arena.text(node.overload)
    (message.pointee.n_inputs, message.pointee.inputs) = try list(node.inputs)
    (message.pointee.n_outputs, message.pointee.outputs) = try list(node.outputs)
    (message.pointee.n_attributes, message.pointee.attributes) = try arena.list(node.attributes) { try encode($0) }
    message.pointee.documentation = try arena.text(node.documentation)
    (message.pointee.n_properties, message.pointee.properties) = try arena.list(node.properties, encode)
    (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(node.unknownFields, encode)
    return message
  }

  private mutating func encode(_ function: Function) throws -> UnsafeMutablePointer<Zoo__Function>? {
    let message = arena.make(Zoo__Function(), zoo__function__init)
    message.pointee.name = try arena.text(function.name)
    message.pointee.domain = try arena.text(function.domain)
    message.pointee.overload = try arena.text(function.overload)
    (message.pointee.n_inputs, message.pointee.inputs) = try list(function.inputs)
    (message.pointee.n_outputs, message.pointee.outputs) = try list(function.outputs)
    (message.pointee.n_attributes, message.pointee.attributes) = try list(function.attributes)
    (message.pointee.n_attribute_defaults, message.pointee.attribute_defaults) = try arena.list(
      function.attributeDefaults
    ) { try encode($0) }
    (message.pointee.n_nodes, message.pointee.nodes) = try arena.list(function.nodes) { try encode($0) }
    (message.pointee.n_operator_sets, message.pointee.operator_sets) = try arena.list(function.operatorSets, encode)
    (message.pointee.n_values, message.pointee.values) = try arena.list(function.values) { try encode($0) }
    message.pointee.documentation = try arena.text(function.documentation)
    (message.pointee.n_properties, message.pointee.properties) = try arena.list(function.properties, encode)
    (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(function.unknownFields, encode)
    return message
  }

  private mutating func encode(_ attribute: Attribute) throws -> UnsafeMutablePointer<Zoo__Attribute>? {
    let message = arena.make(Zoo__Attribute(), zoo__attribute__init)
    message.pointee.name = try arena.text(attribute.name)
    message.pointee.has_kind = 1
    message.pointee.kind = attribute.value.kind
    message.pointee.documentation = try arena.text(attribute.documentation)
    message.pointee.reference_name = try arena.text(attribute.referenceName)
    (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(attribute.unknownFields, encode)
    switch attribute.value {
    case .float(let value):
      message.pointee.has_float_value = 1
      message.pointee.float_value = value
    case .int(let value):
      message.pointee.has_int_value = 1
      message.pointee.int_value = value
    case .string(let value):
      message.pointee.has_string_value = 1
      message.pointee.string_value = arena.bytes(value)
    case .tensor(let value): message.pointee.tensor_value = try encode(value)
    case .graph(let value): message.pointee.graph_value = try encode(value)
    case .type(let value): message.pointee.type_value = try encode(value)
    case .floats(let values): (message.pointee.n_floats, message.pointee.floats) = arena.list(values) { $0 }
    case .ints(let values): (message.pointee.n_ints, message.pointee.ints) = arena.list(values) { $0 }
    case .strings(let values):
      (message.pointee.n_strings, message.pointee.strings) = arena.list(values) { arena.bytes($0) }
    case .tensors(let values):
      (message.pointee.n_tensors, message.pointee.tensors) = try arena.list(values) { try encode($0) }
    case .graphs(let values):
      (message.pointee.n_graphs, message.pointee.graphs) = try arena.list(values) { try encode($0) }
    case .types(let values):
      (message.pointee.n_types, message.pointee.types) = try arena.list(values) { try encode($0) }
    case .opaque:
      message.pointee.has_opaque = 1
      message.pointee.opaque = 1
    }
    return message
  }

  // MARK: Values

  private mutating func encode(_ value: ValueInfo) throws -> UnsafeMutablePointer<Zoo__ValueInfo>? {
    let message = arena.make(Zoo__ValueInfo(), zoo__value_info__init)
    message.pointee.name = try arena.text(value.name)
    message.pointee.type = try value.type.map { try encode($0) } ?? nil
    message.pointee.documentation = try arena.text(value.documentation)
    (message.pointee.n_properties, message.pointee.properties) = try arena.list(value.properties, encode)
    (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(value.unknownFields, encode)
    return message
  }

  private mutating func encode(_ type: ValueType) throws -> UnsafeMutablePointer<Zoo__ValueType>? {
    try nested { encoder in
      let arena = encoder.arena
      let message = arena.make(Zoo__ValueType(), zoo__value_type__init)
      switch type.form {
      case .tensor(let elementType, let shape): message.pointee.tensor = try encoder.encode(elementType, shape)
      case .sparseTensor(let elementType, let shape):
        message.pointee.sparse_tensor = try encoder.encode(elementType, shape)
      case .sequence(let element): message.pointee.sequence = try encoder.encode(element)
      case .map(let keyType, let value):
        let map = arena.make(Zoo__MapType(), zoo__map_type__init)
        map.pointee.has_key_type = 1
        map.pointee.key_type = keyType
        map.pointee.value = try encoder.encode(value)
        message.pointee.map = map
      case .optional(let element): message.pointee.optional_value = try encoder.encode(element)
      case .opaque(let domain, let name):
        let opaque = arena.make(Zoo__OpaqueType(), zoo__opaque_type__init)
        opaque.pointee.domain = try arena.text(domain)
        opaque.pointee.name = try arena.text(name)
        message.pointee.opaque = opaque
      case .missing: break
      }
      message.pointee.denotation = try arena.text(type.denotation)
      (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(
        type.unknownFields, encoder.encode)
      return message
    }
  }

  private func encode(
    _ elementType: Int32, _ dimensions: [ShapeDimension]?
  ) throws -> UnsafeMutablePointer<Zoo__TensorType> {
    let message = arena.make(Zoo__TensorType(), zoo__tensor_type__init)
    message.pointee.has_element_type = 1
    message.pointee.element_type = elementType
    if let dimensions {
      let shape = arena.make(Zoo__Shape(), zoo__shape__init)
      (shape.pointee.n_dimensions, shape.pointee.dimensions) = try arena.list(dimensions, encode)
      message.pointee.shape = shape
    }
    return message
  }

  private func encode(_ dimension: ShapeDimension) throws -> UnsafeMutablePointer<Zoo__Dimension>? {
    let message = arena.make(Zoo__Dimension(), zoo__dimension__init)
    switch dimension.extent {
    case .fixed(let extent):
      message.pointee.has_extent = 1
      message.pointee.extent = extent
    case .symbol(let symbol): message.pointee.symbol = try arena.present(symbol)
    case .unknown: break
    }
    message.pointee.denotation = try arena.text(dimension.denotation)
    return message
  }

  // MARK: Tensors

  private mutating func encode(_ constant: NamedTensor) throws -> UnsafeMutablePointer<Zoo__Tensor>? {
    let tensor = constant.tensor
    let message = arena.make(Zoo__Tensor(), zoo__tensor__init)
    message.pointee.name = try arena.text(constant.name)
    message.pointee.has_element_type = 1
    message.pointee.element_type = tensor.type.rawValue
    (message.pointee.n_shape, message.pointee.shape) = arena.list(tensor.shape, Int64.init)
    message.pointee.documentation = try arena.text(constant.documentation)
    (message.pointee.n_properties, message.pointee.properties) = try arena.list(constant.properties, encode)
    (message.pointee.n_unknown_fields, message.pointee.unknown_fields) = arena.list(constant.unknownFields, encode)

    do {
      if tensor.type == .string {
        let strings = try tensor.load().strings ?? []
        (message.pointee.n_strings, message.pointee.strings) = arena.list(strings) { arena.bytes($0) }
      } else if tensor.byteCount <= Layout.inlineLimit {
        message.pointee.has_data = 1
        message.pointee.data = try tensor.load().withUnsafeBytes { arena.bytes($0) }
      } else {
        message.pointee.chunks = addChunks(constant)
      }
    } catch {
      throw error.located("tensor \"\(constant.name)\"")
    }
    return message
  }

  private mutating func addChunks(_ constant: NamedTensor) -> UnsafeMutablePointer<Zoo__Chunks> {
    let byteCount = constant.tensor.byteCount
    let payload = PackageWriter.Payload(
      name: constant.name, tensor: constant.tensor,
      chunkByteCount: compression == .none
        ? min(byteCount, Layout.storedLimit) : Layout.chunkByteCount(bitWidth: constant.tensor.type.bitWidth))
    let message = arena.make(Zoo__Chunks(), zoo__chunks__init)
    message.pointee.has_first_chunk = 1
    message.pointee.first_chunk = UInt64(chunkCount)
    message.pointee.has_byte_count = 1
    message.pointee.byte_count = UInt64(byteCount)
    message.pointee.has_chunk_byte_count = 1
    message.pointee.chunk_byte_count = UInt64(payload.chunkByteCount)
    payloads.append(payload)
    chunkCount += payload.chunkCount
    return message
  }

  // MARK: Small things

  private func list(_ texts: [String]) throws -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
    try arena.list(texts) { try arena.present($0) }
  }

  private func encode(_ set: OperatorSet) throws -> UnsafeMutablePointer<Zoo__OperatorSet>? {
    let message = arena.make(Zoo__OperatorSet(), zoo__operator_set__init)
    message.pointee.domain = try arena.text(set.domain)
    message.pointee.has_version = 1
    message.pointee.version = set.version
    return message
  }

  private func encode(_ property: Property) throws -> UnsafeMutablePointer<Zoo__Property>? {
    let message = arena.make(Zoo__Property(), zoo__property__init)
    message.pointee.key = try arena.text(property.key)
    message.pointee.value = try arena.text(property.value)
    return message
  }

  private func encode(_ field: UnknownField) -> UnsafeMutablePointer<Zoo__UnknownField>? {
    let message = arena.make(Zoo__UnknownField(), zoo__unknown_field__init)
    message.pointee.has_number = 1
    message.pointee.number = field.number
    message.pointee.has_wire_type = 1
    message.pointee.wire_type = UInt32(field.wireType)
    message.pointee.has_value = 1
    message.pointee.value = arena.bytes(field.bytes)
    return message
  }

  // MARK: Metadata

  private func encode(_ metadata: ModelMetadata) throws -> UnsafeMutablePointer<Zoo__Metadata> {
    let message = arena.make(Zoo__Metadata(), zoo__metadata__init)
    message.pointee.name = try arena.text(metadata.name)
    message.pointee.architecture = try arena.text(metadata.architecture)
    message.pointee.task = try arena.text(metadata.task.rawValue)
    (message.pointee.n_labels, message.pointee.labels) = try list(metadata.labels)
    message.pointee.image = try metadata.image.map(encode)
    message.pointee.has_outputs_probabilities = 1
    message.pointee.outputs_probabilities = metadata.outputsProbabilities ? 1 : 0
    message.pointee.license = try arena.text(metadata.license)
    message.pointee.source = try arena.text(metadata.source)
    message.pointee.summary = try arena.text(metadata.summary)
    (message.pointee.n_accuracy, message.pointee.accuracy) = try arena.list(metadata.accuracy, encode)
    message.pointee.calibration = try metadata.calibration.map(encode)
    message.pointee.detection = metadata.detection.map(encode)
    message.pointee.tokenizer = try metadata.tokenizer.map(encode(tokenizer:))
    message.pointee.embedding = try metadata.embedding.map(encode)
    message.pointee.generation = try metadata.generation.map(encode)
    message.pointee.classification = try metadata.classification.map(encode)
    message.pointee.chat = try metadata.chat.map(encode)
    return message
  }

  private func encode(_ detection: DetectionSettings) -> UnsafeMutablePointer<Zoo__Detection> {
    let message = arena.make(Zoo__Detection(), zoo__detection__init)
    message.pointee.has_score_threshold = 1
    message.pointee.score_threshold = detection.scoreThreshold
    return message
  }

  private func encode(tokenizer: String) throws -> UnsafeMutablePointer<Zoo__Tokenizer> {
    let message = arena.make(Zoo__Tokenizer(), zoo__tokenizer__init)
    message.pointee.has_byte_count = 1
    message.pointee.byte_count = UInt64(tokenizer.utf8.count)
    message.pointee.has_json = 1
    message.pointee.json = arena.bytes(try DeflatedText.deflate(tokenizer))
    return message
  }

  private func encode(
    _ classification: TextClassificationSettings
  ) throws -> UnsafeMutablePointer<Zoo__Classification> {
    let message = arena.make(Zoo__Classification(), zoo__classification__init)
    message.pointee.scores = try arena.text(classification.scores.rawValue)
    message.pointee.has_maximum_length = 1
    message.pointee.maximum_length = try natural(classification.maximumLength, "maximum length")
    return message
  }

  private func encode(_ embedding: EmbeddingSettings) throws -> UnsafeMutablePointer<Zoo__Embedding> {
    let message = arena.make(Zoo__Embedding(), zoo__embedding__init)
    message.pointee.pooling = try arena.text(embedding.pooling.rawValue)
    message.pointee.has_normalizes = 1
    message.pointee.normalizes = embedding.normalizes ? 1 : 0
    message.pointee.has_maximum_length = 1
    message.pointee.maximum_length = try natural(embedding.maximumLength, "maximum length")
    (message.pointee.n_prompts, message.pointee.prompts) = try arena.list(embedding.prompts, encode)
    if let prompt = embedding.defaultPrompt { message.pointee.default_prompt = try arena.text(prompt) }
    return message
  }

  private func encode(_ prompt: EmbeddingSettings.Prompt) throws -> UnsafeMutablePointer<Zoo__Prompt> {
    let message = arena.make(Zoo__Prompt(), zoo__prompt__init)
    message.pointee.name = try arena.text(prompt.name)
    message.pointee.text = try arena.text(prompt.text)
    return message
  }

  private func encode(_ generation: GenerationSettings) throws -> UnsafeMutablePointer<Zoo__Generation> {
    let message = arena.make(Zoo__Generation(), zoo__generation__init)
    if let token = generation.startToken {
      message.pointee.has_start_token = 1
      message.pointee.start_token = try natural(token, "start token")
    }
    (message.pointee.n_end_tokens, message.pointee.end_tokens) = try arena.list(generation.endTokens) {
      try natural($0, "end token")
    }
    if let token = generation.padToken {
      message.pointee.has_pad_token = 1
      message.pointee.pad_token = try natural(token, "padding token")
    }
    message.pointee.has_maximum_length = 1
    message.pointee.maximum_length = try natural(generation.maximumLength, "maximum length")
    if let length = generation.additionalLength {
      message.pointee.has_additional_length = 1
      message.pointee.additional_length = try natural(length, "additional length")
    }
    message.pointee.has_beams = 1
    message.pointee.beams = try natural(generation.beams, "number of beams")
    message.pointee.has_length_penalty = 1
    message.pointee.length_penalty = generation.lengthPenalty
    message.pointee.has_temperature = 1
    message.pointee.temperature = generation.temperature
    if let count = generation.topK {
      message.pointee.has_top_k = 1
      message.pointee.top_k = try natural(count, "top k")
    }
    if let share = generation.topP {
      message.pointee.has_top_p = 1
      message.pointee.top_p = share
    }
    if let share = generation.minP {
      message.pointee.has_min_p = 1
      message.pointee.min_p = share
    }
    if let share = generation.typicalP {
      message.pointee.has_typical_p = 1
      message.pointee.typical_p = share
    }
    if let penalty = generation.repetitionPenalty {
      message.pointee.has_repetition_penalty = 1
      message.pointee.repetition_penalty = penalty
    }
    if let window = generation.penaltyWindow {
      message.pointee.has_penalty_window = 1
      message.pointee.penalty_window = try natural(window, "penalties' window")
    }
    return message
  }

  private func encode(_ chat: ChatSettings) throws -> UnsafeMutablePointer<Zoo__Chat> {
    let message = arena.make(Zoo__Chat(), zoo__chat__init)
    message.pointee.template_ = try arena.text(chat.template)
    (message.pointee.n_tokens, message.pointee.tokens) = try arena.list(chat.tokens, encode)
    return message
  }

  private func encode(_ token: ChatSettings.NamedToken) throws -> UnsafeMutablePointer<Zoo__NamedToken>? {
    let message = arena.make(Zoo__NamedToken(), zoo__named_token__init)
    message.pointee.name = try arena.text(token.name)
    message.pointee.text = try arena.text(token.text)
    return message
  }

  private func natural(_ number: Int, _ name: String) throws -> UInt64 {
    guard let natural = UInt64(exactly: number) else {
      throw ZooError(.badData, "the \(name) is \(number)", at: "metadata")
    }
    return natural
  }

  private func encode(_ calibration: Calibration) throws -> UnsafeMutablePointer<Zoo__Calibration> {
    try calibration.check()
    let message = arena.make(Zoo__Calibration(), zoo__calibration__init)
    message.pointee.has_samples = 1
    message.pointee.samples = UInt64(calibration.samples)
    (message.pointee.n_ranges, message.pointee.ranges) = try arena.list(calibration.ranges, encode)
    return message
  }

  private func encode(_ range: Calibration.ValueRange) throws -> UnsafeMutablePointer<Zoo__ValueRange>? {
    let message = arena.make(Zoo__ValueRange(), zoo__value_range__init)
    message.pointee.value = try arena.text(range.value)
    message.pointee.has_least = 1
    message.pointee.least = range.least
    message.pointee.has_greatest = 1
    message.pointee.greatest = range.greatest
    return message
  }

  private func encode(_ accuracy: ModelMetadata.Accuracy) throws -> UnsafeMutablePointer<Zoo__Accuracy>? {
    let message = arena.make(Zoo__Accuracy(), zoo__accuracy__init)
    message.pointee.dataset = try arena.text(accuracy.dataset)
    message.pointee.metric = try arena.text(accuracy.metric)
    message.pointee.has_value = 1
    message.pointee.value = accuracy.value
    return message
  }

  private func encode(_ image: ImagePreprocessing) throws -> UnsafeMutablePointer<Zoo__ImagePreprocessing> {
    let message = arena.make(Zoo__ImagePreprocessing(), zoo__image_preprocessing__init)
    switch image.resize {
    case .shorterSide(let side):
      message.pointee.has_resize_shorter_side = 1
      message.pointee.resize_shorter_side = Int64(side)
    case .exact(let height, let width):
      message.pointee.has_resize_height = 1
      message.pointee.resize_height = Int64(height)
      message.pointee.has_resize_width = 1
      message.pointee.resize_width = Int64(width)
    case .none:
      message.pointee.has_original_size = 1
      message.pointee.original_size = 1
    }
    message.pointee.filter = try arena.text(image.filter.rawValue)
    message.pointee.has_height = 1
    message.pointee.height = Int64(image.height)
    message.pointee.has_width = 1
    message.pointee.width = Int64(image.width)
    message.pointee.color_order = try arena.text(image.colorOrder.rawValue)
    message.pointee.has_scale = 1
    message.pointee.scale = image.scale
    (message.pointee.n_mean, message.pointee.mean) = arena.list(image.mean) { $0 }
    (message.pointee.n_deviation, message.pointee.deviation) = arena.list(image.deviation) { $0 }
    return message
  }
}
