import CPackageSchema
import CProtobufC
import ZooCore

/// Turns an unpacked `zoo.Model` into a model. Its tensors in chunks stay there.
struct ModelDecoder {
  /// The tensors met so far, in their order.
  private(set) var tensors: [PackagedTensor.Entry] = []
  private let chunks: PackageChunks
  private var nextChunk = 0

  init(chunks: PackageChunks) { self.chunks = chunks }

  mutating func decode(_ message: Zoo__Model) throws -> ModelDefinition {
    var model = ModelDefinition()
    model.irVersion = message.ir_version
    model.operatorSets = list(message.n_operator_sets, message.operator_sets, operatorSet)
    model.producerName = text(message.producer_name)
    model.producerVersion = text(message.producer_version)
    model.domain = text(message.domain)
    model.modelVersion = message.model_version
    model.documentation = text(message.documentation)
    if let graph = message.graph { model.graph = try decode(graph.pointee) }
    model.functions = try list(message.n_functions, message.functions) { try decode($0) }
    model.properties = list(message.n_properties, message.properties, property)
    if let metadata = message.metadata { model.metadata = try decode(metadata.pointee) }
    model.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    guard nextChunk == chunks.count else {
      throw ZooError(.badData, "\(chunks.count - nextChunk) of the file's \(chunks.count) chunks belong to no tensor")
    }
    return model
  }

  // MARK: Graphs

  private mutating func decode(_ message: Zoo__Graph) throws -> Graph {
    var graph = Graph()
    graph.name = text(message.name)
    graph.nodes = try list(message.n_nodes, message.nodes) { try decode($0) }
    graph.initializers = try list(message.n_initializers, message.initializers) { try decode($0) }
    graph.inputs = try list(message.n_inputs, message.inputs, decode)
    graph.outputs = try list(message.n_outputs, message.outputs, decode)
    graph.values = try list(message.n_values, message.values, decode)
    graph.documentation = text(message.documentation)
    graph.properties = list(message.n_properties, message.properties, property)
    graph.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    return graph
  }

  private mutating func decode(_ message: Zoo__Node) throws -> Node {
    var node = Node(
      text(message.operator_type), domain: text(message.domain), name: text(message.name),
      inputs: texts(message.n_inputs, message.inputs), outputs: texts(message.n_outputs, message.outputs))
    node.overload = text(message.overload)
    do {
      node.attributes = try list(message.n_attributes, message.attributes) { try decode($0) }
    } catch let error as ZooError {
      throw error.located(node.label)
    }
    node.documentation = text(message.documentation)
    node.properties = list(message.n_properties, message.properties, property)
    node.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    return node
  }

  private mutating func decode(_ message: Zoo__Function) throws -> Function {
    var function = Function()
    function.name = text(message.name)
    function.domain = text(message.domain)
    function.overload = text(message.overload)
    function.inputs = texts(message.n_inputs, message.inputs)
    function.outputs = texts(message.n_outputs, message.outputs)
    function.attributes = texts(message.n_attributes, message.attributes)
    function.attributeDefaults = try list(message.n_attribute_defaults, message.attribute_defaults) {
      try decode($0)
    }
    function.nodes = try list(message.n_nodes, message.nodes) { try decode($0) }
    function.operatorSets = list(message.n_operator_sets, message.operator_sets, operatorSet)
    function.values = try list(message.n_values, message.values, decode)
    function.documentation = text(message.documentation)
    function.properties = list(message.n_properties, message.properties, property)
    function.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    return function
  }

  private mutating func decode(_ message: Zoo__Attribute) throws -> Attribute {
    let name = text(message.name)
    var attribute = Attribute(name, .opaque(kind: message.kind))
    if message.opaque == 0 {
      do {
        attribute.value = try value(of: message)
      } catch let error as ZooError {
        throw error.located("attribute \"\(name)\"")
      }
    }
    attribute.documentation = text(message.documentation)
    attribute.referenceName = text(message.reference_name)
    attribute.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    return attribute
  }

  private mutating func value(of message: Zoo__Attribute) throws -> Attribute.Value {
    switch message.kind {
    case 1 where message.has_float_value != 0: return .float(message.float_value)
    case 2 where message.has_int_value != 0: return .int(message.int_value)
    case 3 where message.has_string_value != 0: return .string(bytes(message.string_value))
    case 4: if let tensor = message.tensor_value { return .tensor(try decode(tensor.pointee)) }
    case 5: if let graph = message.graph_value { return .graph(try decode(graph.pointee)) }
    case 6: return .floats(Array(UnsafeBufferPointer(start: message.floats, count: message.n_floats)))
    case 7: return .ints(Array(UnsafeBufferPointer(start: message.ints, count: message.n_ints)))
    case 8: return .strings(byteStrings(message.n_strings, message.strings))
    case 9: return .tensors(try list(message.n_tensors, message.tensors) { try decode($0) })
    case 10: return .graphs(try list(message.n_graphs, message.graphs) { try decode($0) })
    case 13: if let type = message.type_value { return .type(try decode(type.pointee)) }
    case 14: return .types(try list(message.n_types, message.types, decode))
    default: break
    }
    throw ZooError(.badData, "has no value of its kind \(message.kind)")
  }

  // MARK: Values

  private func decode(_ message: Zoo__ValueInfo) throws -> ValueInfo {
    var value = ValueInfo(name: text(message.name))
    value.type = try message.type.map { try decode($0.pointee) }
    value.documentation = text(message.documentation)
    value.properties = list(message.n_properties, message.properties, property)
    value.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    return value
  }

  private func decode(_ message: Zoo__ValueType) throws -> ValueType {
    var forms: [ValueType.Form] = []
    if let tensor = message.tensor?.pointee {
      forms.append(.tensor(elementType: tensor.element_type, shape: try decode(tensor.shape)))
    }
    if let tensor = message.sparse_tensor?.pointee {
      forms.append(.sparseTensor(elementType: tensor.element_type, shape: try decode(tensor.shape)))
    }
    if let element = message.sequence { forms.append(.sequence(try decode(element.pointee))) }
    if let map = message.map?.pointee {
      guard let value = map.value else { throw ZooError(.badData, "a map type has no type of its values") }
      forms.append(.map(keyType: map.key_type, value: try decode(value.pointee)))
    }
    if let element = message.optional_value { forms.append(.optional(try decode(element.pointee))) }
    if let opaque = message.opaque?.pointee {
      forms.append(.opaque(domain: text(opaque.domain), name: text(opaque.name)))
    }
    guard forms.count <= 1 else { throw ZooError(.badData, "a type has \(forms.count) forms") }
    var type = ValueType(forms.first ?? .missing)
    type.denotation = text(message.denotation)
    type.unknownFields = try list(message.n_unknown_fields, message.unknown_fields, unknownField)
    return type
  }

  private func decode(_ shape: UnsafeMutablePointer<Zoo__Shape>?) throws -> [ShapeDimension]? {
    guard let shape = shape?.pointee else { return nil }
    return try list(shape.n_dimensions, shape.dimensions) { message in
      guard message.has_extent == 0 || message.symbol == nil else {
        throw ZooError(.badData, "a dimension has both an extent and a symbol")
      }
      var dimension = ShapeDimension(message.symbol.map { .symbol(String(cString: $0)) } ?? .unknown)
      if message.has_extent != 0 { dimension.extent = .fixed(message.extent) }
      dimension.denotation = text(message.denotation)
      return dimension
    }
  }

  // MARK: Tensors

  private mutating func decode(_ message: Zoo__Tensor) throws -> NamedTensor {
    let name = text(message.name)
    do {
      return NamedTensor(
        name: name, tensor: try storedTensor(message, name: name), documentation: text(message.documentation),
        properties: list(message.n_properties, message.properties, property),
        unknownFields: try list(message.n_unknown_fields, message.unknown_fields, unknownField))
    } catch let error as ZooError {
      throw error.located("tensor \"\(name)\"")
    }
  }

  private mutating func storedTensor(_ message: Zoo__Tensor, name: String) throws -> StoredTensor {
    guard let type = ElementType(rawValue: message.element_type) else {
      throw ZooError(.badData, "has elements of the unknown type \(message.element_type)")
    }
    let shape = try UnsafeBufferPointer(start: message.shape, count: message.n_shape).map { extent in
      guard let extent = Int(exactly: extent) else { throw ZooError(.badData, "has an extent of \(extent)") }
      return extent
    }
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    let tensor: StoredTensor
    var storedByteCount = 0
    let firstChunk = nextChunk
    if type == .string {
      let strings = byteStrings(message.n_strings, message.strings)
      storedByteCount = strings.reduce(0) { $0 + $1.count }
      tensor = StoredTensor(try Tensor(strings: strings, shape: shape))
    } else if let place = message.chunks?.pointee {
      let source = try packaged(place, name: name, byteCount: byteCount)
      nextChunk += source.chunkCount
      tensor = try StoredTensor(type: type, shape: shape, source: source)
    } else {
      guard message.data.len == byteCount else {
        throw ZooError(.badData, "has \(message.data.len) bytes of elements, its shape \(shape) needs \(byteCount)")
      }
      storedByteCount = byteCount
      tensor = StoredTensor(
        try Tensor(type: type, shape: shape) {
          $0.copyMemory(from: UnsafeRawBufferPointer(start: message.data.data, count: byteCount))
        })
    }
    tensors.append(
      PackagedTensor.Entry(
        name: name, tensor: tensor, inlineByteCount: storedByteCount, chunks: firstChunk..<nextChunk))
    return tensor
  }

  /// A tensor's chunks are the next ones of the file, so that none is used twice.
  private func packaged(_ place: Zoo__Chunks, name: String, byteCount: Int) throws -> PackagedTensor {
    guard place.byte_count == UInt64(byteCount), byteCount > 0 else {
      throw ZooError(.badData, "claims \(place.byte_count) bytes in chunks, its shape needs \(byteCount)")
    }
    guard let chunkByteCount = Int(exactly: place.chunk_byte_count), chunkByteCount > 0,
      chunkByteCount <= Layout.storedLimit
    else { throw ZooError(.badData, "claims chunks of \(place.chunk_byte_count) bytes") }
    let count = (byteCount - 1) / chunkByteCount + 1
    guard place.first_chunk == UInt64(nextChunk) else {
      throw ZooError(.badData, "claims chunk \(place.first_chunk), but the next one is \(nextChunk)")
    }
    guard count <= chunks.count - nextChunk else {
      throw ZooError(.badData, "needs \(count) chunks, but the file has only \(chunks.count - nextChunk) more")
    }
    for index in 0..<count {
      let expected = min(chunkByteCount, byteCount - index * chunkByteCount)
      let found = chunks.list[nextChunk + index].byteCount
      guard found == expected else {
        throw ZooError(.badData, "has \(found) bytes instead of \(expected)", at: "chunk \(nextChunk + index)")
      }
    }
    return PackagedTensor(
      name: name, chunks: chunks, firstChunk: nextChunk, chunkCount: count, chunkByteCount: chunkByteCount,
      byteCount: byteCount)
  }

  // MARK: Metadata

  private func decode(_ message: Zoo__Metadata) throws -> ModelMetadata {
    var metadata = ModelMetadata()
    metadata.name = text(message.name)
    metadata.architecture = text(message.architecture)
    metadata.task = try choice(message.task, "task") ?? .none
    metadata.labels = texts(message.n_labels, message.labels)
    metadata.image = try message.image.map { try decode($0.pointee) }
    metadata.outputsProbabilities = message.outputs_probabilities != 0
    metadata.license = text(message.license)
    metadata.source = text(message.source)
    metadata.summary = text(message.summary)
    metadata.accuracy = list(message.n_accuracy, message.accuracy) {
      ModelMetadata.Accuracy(dataset: text($0.dataset), metric: text($0.metric), value: $0.value)
    }
    metadata.calibration = try message.calibration.map { try decode($0.pointee) }
    metadata.detection = message.detection.map { DetectionSettings(scoreThreshold: $0.pointee.score_threshold) }
    metadata.tokenizer = try message.tokenizer.map {
      try DeflatedText.inflate(bytes($0.pointee.json), byteCount: $0.pointee.byte_count)
    }
    metadata.embedding = try message.embedding.map { try decode($0.pointee) }
    metadata.generation = message.generation.map { decode($0.pointee) }
    metadata.classification = try message.classification.map { message in
      TextClassificationSettings(
        scores: try choice(message.pointee.scores, "scores") ?? .softmax,
        maximumLength: Int(clamping: message.pointee.maximum_length))
    }
    metadata.chat = message.chat.map { decode($0.pointee) }
    return metadata
  }

  private func decode(_ message: Zoo__Embedding) throws -> EmbeddingSettings {
    let settings = EmbeddingSettings(
      pooling: try choice(message.pooling, "pooling") ?? .mean, normalizes: message.normalizes != 0,
      maximumLength: Int(clamping: message.maximum_length),
      prompts: list(message.n_prompts, message.prompts) {
        EmbeddingSettings.Prompt(name: text($0.name), text: text($0.text))
      }, defaultPrompt: message.default_prompt == nil ? nil : text(message.default_prompt))
    try settings.checkPrompts(at: "prompts")
    return settings
  }

  private func decode(_ message: Zoo__Generation) -> GenerationSettings {
    func present(_ has: protobuf_c_boolean, _ number: UInt64) -> Int? { has != 0 ? Int(clamping: number) : nil }
    func given(_ has: protobuf_c_boolean, _ number: Float) -> Float? { has != 0 ? number : nil }
    return GenerationSettings(
      startToken: present(message.has_start_token, message.start_token),
      endTokens: UnsafeBufferPointer(start: message.end_tokens, count: message.n_end_tokens).map { Int(clamping: $0) },
      padToken: present(message.has_pad_token, message.pad_token), maximumLength: Int(clamping: message.maximum_length),
      additionalLength: present(message.has_additional_length, message.additional_length),
      beams: present(message.has_beams, message.beams) ?? 1, lengthPenalty: message.length_penalty,
      temperature: message.temperature, topK: present(message.has_top_k, message.top_k),
      topP: given(message.has_top_p, message.top_p), minP: given(message.has_min_p, message.min_p),
      typicalP: given(message.has_typical_p, message.typical_p),
      repetitionPenalty: given(message.has_repetition_penalty, message.repetition_penalty),
      penaltyWindow: present(message.has_penalty_window, message.penalty_window))
  }

  private func decode(_ message: Zoo__Chat) -> ChatSettings {
    ChatSettings(
      template: text(message.template_),
      tokens: list(message.n_tokens, message.tokens) {
        ChatSettings.NamedToken(name: text($0.name), text: text($0.text))
      })
  }

  private func decode(_ message: Zoo__Calibration) throws -> Calibration {
    let calibration = Calibration(
      samples: Int(clamping: message.samples),
      ranges: list(message.n_ranges, message.ranges) {
        Calibration.ValueRange(value: text($0.value), least: $0.least, greatest: $0.greatest)
      })
    try calibration.check()
    return calibration
  }

  private func decode(_ message: Zoo__ImagePreprocessing) throws -> ImagePreprocessing {
    func size(_ value: Int64, _ name: String) throws -> Int {
      guard let size = Int(exactly: value), size > 0 else {
        throw ZooError(.badData, "the photo's \(name) is \(value)", at: "metadata")
      }
      return size
    }
    let isWhole = message.original_size != 0
    let resize: ImagePreprocessing.Resize =
      if isWhole {
        .none
      } else if message.has_resize_shorter_side != 0 {
        .shorterSide(try size(message.resize_shorter_side, "shorter side"))
      } else {
        .exact(
          height: try size(message.resize_height, "resized height"),
          width: try size(message.resize_width, "resized width"))
      }
    var image = ImagePreprocessing(
      resize: resize, filter: try choice(message.filter, "filter") ?? .bilinear,
      height: isWhole ? 0 : try size(message.height, "height"), width: isWhole ? 0 : try size(message.width, "width"),
      mean: Array(UnsafeBufferPointer(start: message.mean, count: message.n_mean)),
      deviation: Array(UnsafeBufferPointer(start: message.deviation, count: message.n_deviation)))
    image.colorOrder = try choice(message.color_order, "colour order") ?? .rgb
    if message.has_scale != 0 { image.scale = message.scale }
    return image
  }

  private func choice<Choice: RawRepresentable<String>>(
    _ name: UnsafeMutablePointer<CChar>?, _ what: String
  ) throws -> Choice? {
    guard let name else { return nil }
    guard let choice = Choice(rawValue: String(cString: name)) else {
      throw ZooError(
        .badData, "the \(what) \"\(String(cString: name))\" is unknown", at: "metadata",
        advice: "a newer version of this software may know it")
    }
    return choice
  }
}

// MARK: Small things

private func text(_ text: UnsafeMutablePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }

private func texts(_ count: Int, _ texts: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
  UnsafeBufferPointer(start: texts, count: count).map { text($0) }
}

private func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
  Array(UnsafeBufferPointer(start: data.data, count: data.len))
}

private func byteStrings(_ count: Int, _ strings: UnsafeMutablePointer<ProtobufCBinaryData>?) -> [[UInt8]] {
  UnsafeBufferPointer(start: strings, count: count).map { bytes($0) }
}

private func list<Message, Value>(
  _ count: Int, _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
  _ convert: (Message) throws -> Value
) rethrows -> [Value] {
  try UnsafeBufferPointer(start: messages, count: count).compactMap { try $0.map { try convert($0.pointee) } }
}

private func operatorSet(_ message: Zoo__OperatorSet) -> OperatorSet {
  OperatorSet(domain: text(message.domain), version: message.version)
}

private func property(_ message: Zoo__Property) -> Property {
  Property(key: text(message.key), value: text(message.value))
}

private func unknownField(_ message: Zoo__UnknownField) throws -> UnknownField {
  guard let wireType = UInt8(exactly: message.wire_type), wireType <= 5 else {
    throw ZooError(.badData, "an unknown field has the wire type \(message.wire_type)")
  }
  return UnknownField(number: message.number, wireType: wireType, bytes: bytes(message.value))
}
