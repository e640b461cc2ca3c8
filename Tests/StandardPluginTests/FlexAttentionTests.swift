import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// FlexAttention, which the compiler replaces by what it stands for.
@Suite("FlexAttention")
struct FlexAttentionTests {
  private let registry: OperatorRegistry

  init() throws { registry = try wholeRegistry(.shared) }

  private func model(_ attributes: [Attribute], _ inputs: [Tensor]) throws -> CompiledModel {
    let names = ["q", "k", "v"]
    var definition = ModelDefinition()
    definition.operatorSets = [
      OperatorSet(domain: "", version: 26), OperatorSet(domain: "ai.onnx.preview", version: 1),
    ]
    definition.graph.nodes = [
      Node(
        "FlexAttention", domain: "ai.onnx.preview", name: "attention", inputs: names, outputs: ["y"],
        attributes: attributes)
    ]
    // The batch is left open.
    definition.graph.inputs = zip(names, inputs).map { name, tensor in
      ValueInfo(
        name: name, elementType: tensor.type,
        shape: [ShapeDimension(.symbol("batch"))] + tensor.shape.dropFirst().map { ShapeDimension(.fixed(Int64($0))) })
    }
    definition.graph.outputs = [ValueInfo(name: "y")]
    return try CompiledModel(definition, registry: registry)
  }

  private func run(_ attributes: [Attribute], _ inputs: [Tensor]) throws -> Tensor {
    try #require(
      try model(attributes, inputs).run(Dictionary(uniqueKeysWithValues: zip(["q", "k", "v"], inputs)))["y"])
  }

  /// A body of one node on its input and a constant.
  private func body(_ attribute: String, _ type: String, _ constant: Tensor) -> Attribute {
    var graph = Graph()
    graph.initializers = [NamedTensor(name: "number", tensor: StoredTensor(constant))]
    graph.nodes = [Node(type, inputs: ["scores", "number"], outputs: ["changed"])]
    graph.inputs = [ValueInfo(name: "scores")]
    graph.outputs = [ValueInfo(name: "changed")]
    return Attribute(attribute, .graph(graph))
  }

  private func zeros(_ shape: [Int], _ type: ElementType = .float32) throws -> Tensor {
    try Tensor(type: type, shape: shape) { bytes in for index in bytes.indices { bytes[index] = 0 } }
  }

  /// Two heads of queries, which share their keys, in each of two samples.
  private func inputs() throws -> [Tensor] {
    [try zeros([2, 2, 1, 4]), try zeros([2, 1, 3, 4]), try Tensor((0..<6).map { Float($0) }, shape: [2, 1, 3, 1])]
  }

  @Test("Bodies change the scores and the probabilities")
  func bodies() throws {
    // All scores are equal, so that results are means of the values.
    #expect(try run([], inputs()).elements(Float.self) == [1, 1, 4, 4])
    let mask = try Tensor([0, -Float.infinity, 0], shape: [3])
    #expect(try run([body("score_mod", "Add", mask)], inputs()).elements(Float.self) == [1, 1, 4, 4])
    let last = try Tensor([-Float.infinity, -Float.infinity, 0], shape: [3])
    #expect(try run([body("score_mod", "Add", last)], inputs()).elements(Float.self) == [2, 2, 5, 5])
    let perHead = try Tensor([Float(3), 6], shape: [2, 1, 1])
    let changed = try run([body("prob_mod", "Mul", perHead)], inputs()).elements(Float.self)
    #expect(zip(changed, [3, 6, 12, 24]).allSatisfy { abs($0 - $1) < 1e-5 }, "\(changed)")
  }

  @Test("What does not fit is refused")
  func misfits() throws {
    let given = try inputs()
    for precision in [Int64.max, .min, 0, 7, 8, -1] {
      #expect(throws: ZooError.self) { try run([Attribute("softmax_precision", .int(precision))], given) }
    }
    // Heads that can't share keys, keys of another size, other types, a body that changes the shape.
    let wrong: [[Tensor]] = [
      [given[0], try zeros([2, 3, 3, 4]), try zeros([2, 3, 3, 1])],
      [given[0], try zeros([2, 1, 3, 5]), given[2]],
      [given[0], try zeros([2, 1, 3, 4], .float16), given[2]],
      [given[0], given[1], try zeros([2, 1, 4, 1])],
    ]
    for inputs in wrong { #expect(throws: ZooError.self) { try run([], inputs) } }
    let wide = try Tensor([Float](repeating: 0, count: 10), shape: [5, 1, 2, 1, 1])
    #expect(throws: ZooError.self) { try run([body("score_mod", "Add", wide)], given) }
  }
}
