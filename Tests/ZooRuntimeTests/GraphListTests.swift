import Testing
import ZooCore
import ZooRuntime

/// Attributes that hold several graphs, which only operators of plugins have.
@Suite("Lists of graphs") struct GraphListTests {
  private func step(_ type: String, _ inputs: [String]) -> Graph {
    var graph = Graph()
    graph.inputs = [ValueInfo(name: "before", elementType: .float32, shape: ["n"])]
    graph.outputs = [ValueInfo(name: "after")]
    graph.nodes = [Node(type, inputs: inputs, outputs: ["after"])]
    return graph
  }

  private func run(_ node: Node, functions: [Function] = []) throws -> [Float]? {
    var definition = model(
      [Node("Add", inputs: ["w", "w"], outputs: ["two"]), node],
      inputs: [tensorInput("x", ["n"]), tensorInput("w", ["n"])], outputs: ["y"])
    definition.functions = functions
    let compiled = try CompiledModel(definition, registry: testRegistry())
    let results = try compiled.run([
      "x": Tensor([1, -7] as [Float], shape: [2]), "w": Tensor([1, 2] as [Float], shape: [2]),
    ])
    return try results["y"]?.elements(Float.self)
  }

  private func chain(_ steps: [Graph]) -> Node {
    Node(
      "Chain", domain: "test", inputs: ["x"], outputs: ["y"], attributes: [Attribute("steps", .graphs(steps))])
  }

  @Test func pluginsRunThem() throws {
    let (add, relu) = (step("Add", ["before", "two"]), step("Relu", ["before"]))
    #expect(try run(chain([add])) == [3, -3])
    #expect(try run(chain([add, relu, add])) == [5, 4])
    #expect(try run(chain([relu, step("Sub", ["before", "w"]), add])) == [2, 2])
  }

  @Test func functionsHandThemOn() throws {
    var function = Function()
    (function.name, function.domain, function.inputs, function.outputs) = ("Twice", "test", ["x"], ["y"])
    function.attributes = ["steps"]
    var steps = Attribute("steps", .opaque(kind: 10))
    steps.referenceName = "steps"
    function.nodes = [
      Node("Chain", domain: "test", inputs: ["x"], outputs: ["h"], attributes: [steps]),
      Node("Chain", domain: "test", inputs: ["h"], outputs: ["y"], attributes: [steps]),
    ]
    function.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "test", version: 1)]
    var call = chain([step("Relu", ["before"]), step("Add", ["before", "before"])])
    call.operatorType = "Twice"
    #expect(try run(call, functions: [function]) == [4, 0])
  }

  @Test func operatorsThatTakeOneRefuseThem() throws {
    #expect(throws: ZooError.self) { try run(chain([])) }
    let list = Attribute("then_branch", .graphs([step("Relu", ["x"])]))
    let error = #expect(throws: ZooError.self) {
      try run(Node("If", inputs: ["x"], outputs: ["y"], attributes: [list]))
    }
    #expect(error?.message.contains("holds a list of graphs") == true)
  }
}
