import ONNXFormat
import ZooCore

extension FuzzTarget {
  static let onnx = FuzzTarget(
    name: "onnx",
    seeds: { [try Scratch.written { try ONNXFormat.write(sampleModel(), to: $0) }] }
  ) { bytes in
    try Scratch.withFile(bytes) { path in
      let model = try ONNXFormat.read(path)
      try readElements(model.graph.initializers)
      // What was read can be written, and read again.
      try ONNXFormat.write(model, to: Scratch.path("output"), externalData: .never)
      _ = try ONNXFormat.read(Scratch.path("output"))
    }
  }

  static let onnxTensor = FuzzTarget(
    name: "onnx-tensor",
    seeds: {
      try sampleTensors().map { tensor in try Scratch.written { try ONNXFormat.writeTensor(tensor, to: $0) } }
    }
  ) { bytes in
    try Scratch.withFile(bytes) { path in
      try readElements([ONNXFormat.readTensor(path)])
      let tensor = ValueType(.tensor(elementType: 1, shape: nil))
      for form in [ValueType.Form.sequence(tensor), .optional(tensor)] {
        do { _ = try ONNXFormat.readValue(path, as: ValueType(form)) } catch is ZooError {}
      }
    }
  }
}

/// A model of everything that a file can say.
func sampleModel() throws -> ModelDefinition {
  var model = ModelDefinition()
  model.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "a.domain", version: 1)]
  model.producerName = "fuzz"
  model.graph.name = "graph"
  model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N", 3])]
  model.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: ["N", 3])]
  model.graph.initializers = try sampleTensors()
  model.graph.initializers.append(
    NamedTensor(name: "texts", tensor: StoredTensor(try Tensor(strings: [[104, 105], []], shape: [2]))))
  var inner = Graph()
  inner.nodes = [Node("Identity", inputs: ["x"], outputs: ["z"])]
  inner.outputs = [ValueInfo(name: "z", elementType: .float32, shape: [])]
  let constant = NamedTensor(name: "c", tensor: StoredTensor(try Tensor([1, 2] as [Int64], shape: [2])))
  model.graph.nodes = [
    Node(
      "Custom", domain: "a.domain", name: "n", inputs: ["x", ""], outputs: ["y"],
      attributes: [
        Attribute("f", .float(1)), Attribute("i", .int(-1)), .text("s", "text"), Attribute("t", .tensor(constant)),
        Attribute("g", .graph(inner)), Attribute("fs", .floats([1, 2])), Attribute("is", .ints([1, -2])),
        Attribute("ss", .strings([[1], [2]])), Attribute("ts", .tensors([constant])), Attribute("gs", .graphs([inner])),
        Attribute("type", .type(ValueType(.sequence(ValueType(.tensor(elementType: 1, shape: [1])))))),
      ])
  ]
  var function = Function()
  function.name = "Custom"
  function.domain = "a.domain"
  function.inputs = ["x"]
  function.outputs = ["y"]
  function.nodes = [Node("Relu", inputs: ["x"], outputs: ["y"])]
  function.operatorSets = [OperatorSet(version: 17)]
  model.functions = [function]
  model.properties = [Property(key: "a", value: "b")]
  model.metadata.name = "sample"
  model.metadata.task = .imageClassification
  model.metadata.labels = ["a", "b"]
  model.metadata.image = .imageNet()
  model.metadata.tokenizer = "{}"
  model.metadata.accuracy = [ModelMetadata.Accuracy(dataset: "d", metric: "top1", value: 0.5)]
  model.metadata.calibration = Calibration(
    samples: 1, ranges: [Calibration.ValueRange(value: "x", least: 0, greatest: 1)])
  return model
}
