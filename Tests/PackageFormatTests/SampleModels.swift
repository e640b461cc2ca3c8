import ZooCore

/// A model that uses everything that the format can say.
func completeModel() throws -> ModelDefinition {
  let unknown = [
    UnknownField(number: 77, wireType: 2, bytes: [2, 1, 0]), UnknownField(number: 9, wireType: 0, bytes: [0]),
  ]
  let properties = [Property(key: "k", value: "v"), Property(key: "", value: ""), Property(key: "k", value: "twice")]

  var model = ModelDefinition()
  model.irVersion = 13
  model.operatorSets = [OperatorSet(version: 26), OperatorSet(domain: "com.example", version: -1)]
  model.producerName = "tests"
  model.producerVersion = "1.2"
  model.domain = "org.example"
  model.modelVersion = .min
  model.documentation = "über \u{1F981}\nzwei Zeilen"
  model.properties = properties
  model.unknownFields = unknown
  model.metadata = completeMetadata()
  model.graph = try completeGraph(depth: 2, properties: properties, unknown: unknown)

  var function = Function()
  function.name = "F"
  function.domain = "com.example"
  function.overload = "o"
  function.inputs = ["x", ""]
  function.outputs = ["y"]
  function.attributes = ["alpha"]
  function.attributeDefaults = [Attribute("beta", .float(0))]
  var reference = Attribute("alpha", .opaque(kind: 1))
  reference.referenceName = "alpha"
  function.nodes = [Node("LeakyRelu", inputs: ["x"], outputs: ["y"], attributes: [reference])]
  function.operatorSets = [OperatorSet(version: 26)]
  function.values = [ValueInfo(name: "x")]
  function.documentation = "d"
  function.properties = properties
  function.unknownFields = unknown
  model.functions = [function, Function()]
  return model
}

func completeMetadata() -> ModelMetadata {
  var metadata = ModelMetadata()
  metadata.name = "n"
  metadata.architecture = "a"
  metadata.task = .imageClassification
  metadata.labels = ["cat", "", "dog"]
  var image = ImagePreprocessing.imageNet()
  image.resize = .exact(height: 3, width: 4)
  image.filter = .bicubic
  image.colorOrder = .bgr
  image.scale = 255
  metadata.image = image
  metadata.outputsProbabilities = true
  metadata.license = "l"
  metadata.source = "s"
  metadata.summary = "u"
  metadata.accuracy = [.init(dataset: "d", metric: "top1", value: 0.1)]
  metadata.detection = DetectionSettings(scoreThreshold: 0.25)
  metadata.tokenizer = #"{"model": "ä \u0000 €"}"#
  metadata.embedding = EmbeddingSettings(pooling: .first, normalizes: true, maximumLength: 77)
  metadata.generation = GenerationSettings(
    startToken: 0, endTokens: [2, 50256], padToken: 1, maximumLength: 1024, additionalLength: 50, beams: 4,
    lengthPenalty: 0.6, temperature: 0.7, topK: 40, topP: 0.9, minP: 0.05, typicalP: 0.95, repetitionPenalty: 1.1,
    penaltyWindow: 64)
  metadata.classification = TextClassificationSettings(scores: .sigmoid, maximumLength: 99)
  metadata.chat = ChatSettings(
    template: "{{ bos_token }}ä\n{% for m in messages %}{{ m.content }}{% endfor %}",
    tokens: [.init(name: "bos_token", text: "<s>"), .init(name: "", text: "")])
  metadata.calibration = Calibration(
    samples: 3,
    ranges: [.init(value: "x", least: -1.5, greatest: 2), .init(value: "", least: 0.1, greatest: 0.1)])
  return metadata
}

private func completeGraph(depth: Int, properties: [Property], unknown: [UnknownField]) throws -> Graph {
  var graph = Graph()
  graph.name = "g\(depth)"
  graph.documentation = "doc"
  graph.properties = properties
  graph.unknownFields = unknown
  graph.initializers = try ElementType.allCases.flatMap { type in
    try [[], [0], [3, 0, 2], [1], [3], [7, 5], [67, 31]].map { shape in
      NamedTensor(
        name: "\(type)\(shape)", tensor: StoredTensor(try sampleTensor(type, shape: shape)), documentation: "t",
        properties: properties, unknownFields: unknown)
    }
  }
  var input = ValueInfo(name: "x", elementType: .float32, shape: [1, "N", 0])
  input.documentation = "in"
  input.properties = properties
  input.unknownFields = unknown
  graph.inputs = [input, ValueInfo(name: "no type")]
  graph.outputs = [ValueInfo(name: "", type: ValueType(.missing))]
  graph.values = typeForms().map { ValueInfo(name: "v", type: $0) }

  var node = Node("Everything", domain: "com.example", name: "n", inputs: ["", "a", ""], outputs: ["b", ""])
  node.overload = "o"
  node.documentation = "doc"
  node.properties = properties
  node.unknownFields = unknown
  node.attributes = try attributes()
  if depth > 0 {
    let inner = try completeGraph(depth: depth - 1, properties: [], unknown: [])
    node.attributes += [Attribute("g", .graph(inner)), Attribute("gs", .graphs([inner, Graph()]))]
  }
  graph.nodes = [node, Node("Nothing", inputs: [], outputs: [])]
  return graph
}

private func attributes() throws -> [Attribute] {
  let constant = NamedTensor(
    name: "", tensor: StoredTensor(try Tensor([Float](repeating: 3, count: 500), shape: [500])))
  var attributes: [Attribute] = [
    Attribute("f", .float(-0.0)), Attribute("nan", .float(Float(bitPattern: 0x7FA0_1234))), Attribute("i", .int(.min)),
    Attribute("s", .string([0, 255, 128])), Attribute("empty", .string([])), Attribute("t", .tensor(constant)),
    Attribute("tp", .type(ValueType(.missing))), Attribute("fs", .floats([1, .infinity])),
    Attribute("no fs", .floats([])), Attribute("is", .ints([0, -1, .max, .min])), Attribute("no is", .ints([])),
    Attribute("ss", .strings([[], [0], [65]])), Attribute("no ss", .strings([])),
    Attribute("ts", .tensors([constant, constant])), Attribute("no ts", .tensors([])), Attribute("no gs", .graphs([])),
    Attribute("tps", .types(typeForms())), Attribute("no tps", .types([])), Attribute("sparse", .opaque(kind: 11)),
    Attribute("newer", .opaque(kind: 999)), Attribute("none", .opaque(kind: 0)),
  ]
  attributes[0].documentation = "doc"
  attributes[0].unknownFields = [UnknownField(number: 30, wireType: 5, bytes: [1, 2, 3, 4])]
  return attributes
}

private func typeForms() -> [ValueType] {
  var symbol = ShapeDimension("N")
  symbol.denotation = "DATA_BATCH"
  var image = ValueType(
    .tensor(elementType: 1, shape: [symbol, ShapeDimension(.unknown), ShapeDimension(.symbol("")), -1]))
  image.denotation = "IMAGE"
  image.unknownFields = [UnknownField(number: 50, wireType: 1, bytes: [1, 2, 3, 4, 5, 6, 7, 8])]
  return [
    image, ValueType(.tensor(elementType: 0, shape: nil)), ValueType(.tensor(elementType: 4711, shape: [])),
    ValueType(.sparseTensor(elementType: 7, shape: [5])), ValueType(.sequence(image)),
    ValueType(.map(keyType: 8, value: ValueType(.sequence(image)))), ValueType(.optional(ValueType(.missing))),
    ValueType(.opaque(domain: "d", name: "")),
  ]
}

/// Deterministic elements; values of less than a byte leave the last byte's unused bits clear.
func sampleTensor(_ type: ElementType, shape: [Int]) throws -> Tensor {
  let count = try Tensor.elementCount(of: shape)
  if type == .string {
    return try Tensor(strings: (0..<count).map { [UInt8](repeating: UInt8($0 % 256), count: $0 % 5) }, shape: shape)
  }
  return try Tensor(type: type, shape: shape) { bytes in
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* index &* 31 &+ index >> 3) }
    let used = count * type.bitWidth % 8
    if used > 0 { bytes[bytes.count - 1] &= (1 << used) - 1 }
  }
}

/// A model of one initializer.
func model(of tensor: StoredTensor) -> ModelDefinition {
  var model = ModelDefinition()
  model.graph.initializers = [NamedTensor(name: "weights", tensor: tensor)]
  return model
}

/// `count` normal numbers (Irwin and Hall's sum of twelve uniform ones), as trained weights are distributed.
func normalNumbers(_ count: Int, deviation: Float = 0.04) -> [Float] {
  var state: UInt64 = 88_172_645_463_325_252
  return (0..<count).map { _ in
    var sum: Float = -6
    for _ in 0..<12 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      sum += Float(state >> 40) / Float(1 << 24)
    }
    return sum * deviation
  }
}
