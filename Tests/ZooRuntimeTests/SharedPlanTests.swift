import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Plans of one model for several input shapes share packed weights, but nothing that differs between them.
@Suite("Plans of one model")
struct SharedPlanTests {
  private static func branch(
    _ nodes: [Node], _ output: String = "out", constants: [String: Tensor] = [:]
  ) -> Graph {
    var graph = Graph()
    graph.nodes = nodes
    graph.outputs = [ValueInfo(name: output)]
    graph.initializers = constants.sorted { $0.key < $1.key }.map {
      NamedTensor(name: $0.key, tensor: StoredTensor($0.value))
    }
    return graph
  }

  /// A model of x that takes `then` for one row, and `otherwise` for more; `after` goes on from "taken" to "y".
  private static func choosing(
    _ shape: [ShapeDimension], then: Graph, otherwise: Graph,
    after: [Node] = [Node("Identity", inputs: ["taken"], outputs: ["y"])], constants: [String: Tensor] = [:]
  ) throws -> ModelDefinition {
    model(
      [
        Node("Shape", inputs: ["x"], outputs: ["shape"]),
        Node("Gather", inputs: ["shape", "zero"], outputs: ["rows"]),
        Node("Equal", inputs: ["rows", "one"], outputs: ["isOne"]),
        Node(
          "If", inputs: ["isOne"], outputs: ["taken"],
          attributes: [Attribute("then_branch", .graph(then)), Attribute("else_branch", .graph(otherwise))]),
      ] + after, inputs: [tensorInput("x", shape)], outputs: ["y"],
      constants: constants.merging([
        "zero": try Tensor([0 as Int64], shape: []), "one": try Tensor([1 as Int64], shape: []),
      ]) { $1 })
  }

  private static func models() throws -> [(name: String, model: ModelDefinition, shape: [Int])] {
    func both(_ make: (Int) throws -> Graph) throws -> (Graph, Graph) { (try make(0), try make(1)) }
    let flat: [ShapeDimension] = ["N", 64]
    let image: [ShapeDimension] = ["N", 3, 8, 8]
    var made: [(name: String, model: ModelDefinition, shape: [Int])] = []
    func add(_ name: String, _ shape: [ShapeDimension], _ after: [Node]? = nil, _ make: (Int) throws -> Graph) throws {
      let (then, otherwise) = try both(make)
      let constants = ["W": try numbers([64, 64]), "K": try numbers([32, 3, 3, 3])]
      let end = after ?? [Node("Identity", inputs: ["taken"], outputs: ["y"])]
      made.append(
        (
          name, try choosing(shape, then: then, otherwise: otherwise, after: end, constants: constants),
          shape.count == 2 ? [64] : [3, 8, 8]
        ))
    }
    try add("weights passed on", flat, [Node("MatMul", inputs: ["x", "taken"], outputs: ["y"])]) {
      branch([], "w", constants: ["w": try numbers([64, 64], seed: $0)])
    }
    let lookUp = [
      Node("Gather", inputs: ["taken", "one"], outputs: ["g"]), Node("Add", inputs: ["x", "g"], outputs: ["y"]),
    ]
    try add("large tables", flat, lookUp) { branch([], "w", constants: ["w": try numbers([512, 64], seed: $0)]) }
    try add("attributes of a product", flat) {
      branch([
        Node(
          "Gemm", inputs: ["x", "W"], outputs: ["out"],
          attributes: [Attribute("alpha", .float($0 == 0 ? 2 : -3)), Attribute("transB", .int(Int64($0)))])
      ])
    }
    try add("weights of one name", flat) {
      branch(
        [Node("MatMul", inputs: ["x", "w"], outputs: ["out"])], constants: ["w": try numbers([64, 64], seed: $0)])
    }
    try add("bias alone", flat) {
      branch(
        [Node("MatMul", inputs: ["x", "W"], outputs: ["p"]), Node("Add", inputs: ["p", "b"], outputs: ["out"])],
        constants: ["b": try numbers([64], seed: $0)])
    }
    try add("attributes of the epilogue", flat) {
      branch([
        Node("MatMul", inputs: ["x", "W"], outputs: ["p"]),
        Node("LeakyRelu", inputs: ["p"], outputs: ["out"], attributes: [Attribute("alpha", .float($0 == 0 ? 0.5 : 2))]),
      ])
    }
    try add("folded constants", flat) {
      branch(
        [
          Node("Transpose", inputs: ["w"], outputs: ["t"], attributes: [Attribute("perm", .ints([1, 0]))]),
          Node("MatMul", inputs: ["x", "t"], outputs: ["out"]),
        ], constants: ["w": try numbers([64, 64], seed: $0)])
    }
    try add("rounded constants", flat) {
      branch(
        [
          Node("DequantizeLinear", inputs: ["q", "s"], outputs: ["w"]),
          Node("MatMul", inputs: ["x", "w"], outputs: ["out"]),
        ],
        constants: [
          "q": try Tensor((0..<64 * 64).map { Int8(truncatingIfNeeded: $0 * 37) }, shape: [64, 64]),
          "s": try Tensor([$0 == 0 ? 0.1 : 0.3 as Float], shape: []),
        ])
    }
    try add("Constant nodes", flat) {
      branch([
        Node(
          "Constant", inputs: [], outputs: ["w"],
          attributes: [
            Attribute(
              "value", .tensor(NamedTensor(name: "", tensor: StoredTensor(try numbers([64, 64], seed: $0)))))
          ]), Node("MatMul", inputs: ["x", "w"], outputs: ["out"]),
      ])
    }
    try add("operators", flat) {
      branch([Node($0 == 0 ? "Neg" : "Abs", inputs: ["x"], outputs: ["out"])])
    }
    try add("convolutions", image) {
      branch(
        [
          Node("Conv", inputs: ["x", "K"], outputs: ["c"], attributes: [Attribute("pads", .ints([1, 1, 1, 1]))]),
          Node("BatchNormalization", inputs: ["c", "g", "g", "g", "v"], outputs: ["out"]),
        ],
        constants: [
          "g": try numbers([32], seed: $0), "v": try Tensor((0..<32).map { Float($0 + 1) }, shape: [32]),
        ])
    }
    try add("strides", image) {
      branch([
        Node(
          "Conv", inputs: ["x", "K"], outputs: ["out"],
          attributes: [Attribute("strides", .ints([Int64($0 + 1), Int64($0 + 1)]))])
      ])
    }
    try add("pooling", image) {
      branch([
        Node(
          $0 == 0 ? "MaxPool" : "AveragePool", inputs: ["x"], outputs: ["out"],
          attributes: [Attribute("kernel_shape", .ints([2, 2]))])
      ])
    }
    return made
  }

  @Test(arguments: [Precision.float32, .bfloat16, .int8]) func answerAsModelsOfTheirOwn(_ precision: Precision) throws {
    let options = CompileOptions(arithmetic: Arithmetic(precision))
    for (name, definition, rest) in try Self.models() {
      let shared = try CompiledModel(definition, registry: shippedRegistry(), options: options)
      for rows in [1, 2, 1, 3, 2] {
        let input = ["x": try numbers([rows] + rest, seed: rows)]
        let own = try CompiledModel(definition, registry: shippedRegistry(), options: options).run(input)
        let answer = try shared.run(input)
        let (got, wanted) = (try #require(answer["y"]), try #require(own["y"]))
        #expect(got.shape == wanted.shape, "\(name), \(rows) rows, \(precision)")
        #expect(try got.elements(Float.self) == wanted.elements(), "\(name), \(rows) rows, \(precision)")
      }
    }
  }

  /// The definitions of the branches, so that not only the plans agree with each other.
  @Test func answerAsTheirBranchesSay() throws {
    let flat = try #require(Self.models().first { $0.name == "attributes of a product" })
    let model = try CompiledModel(flat.model, registry: shippedRegistry())
    let weights: [Float] = try numbers([64, 64]).elements()
    for rows in [1, 2] {
      let x: [Float] = try numbers([rows, 64], seed: rows).elements()
      let answer = try #require(try model.run(["x": try Tensor(x, shape: [rows, 64])])["y"]).elements(Float.self)
      for row in 0..<rows {
        for column in 0..<64 {
          let sum = (0..<64).reduce(0.0) { sum, depth in
            let weight = rows == 1 ? weights[depth * 64 + column] : weights[column * 64 + depth]
            return sum + Double(x[row * 64 + depth]) * Double(weight)
          }
          let wanted = sum * (rows == 1 ? 2 : -3)
          #expect(abs(Double(answer[row * 64 + column]) - wanted) < 1e-4)
        }
      }
    }
  }
}
