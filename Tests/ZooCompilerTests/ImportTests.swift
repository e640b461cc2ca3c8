import Testing
import ZooCore
import ZooOperators

@testable import ZooCompiler

@Suite struct ImportTests {
  private func imported(_ graph: Graph, functions: [Function] = [], given: [String] = []) throws -> ImportedModel {
    var model = ModelDefinition(
      graph, operatorSets: [OperatorSet(version: 18), OperatorSet(domain: "own", version: 1)])
    model.functions = functions
    var importer = try GraphImport(model, given: Set(given.map { ExactText($0) }))
    let made = try importer.run()
    try made.graph.verify(after: "import")
    return made
  }

  private func types(_ graph: CompilerGraph) -> [String] { graph.nodes.map { graph[$0].operatorType } }

  private func graph(_ nodes: [Node], inputs: [String] = ["x"], outputs: [String] = ["y"]) -> Graph {
    var graph = Graph()
    graph.nodes = nodes
    graph.inputs = inputs.map { ValueInfo(name: $0, elementType: .float32, shape: [2]) }
    graph.outputs = outputs.map { ValueInfo(name: $0) }
    return graph
  }

  @Test func nodesOutOfOrderAreSorted() throws {
    let made = try imported(
      graph([Node("Neg", inputs: ["a"], outputs: ["y"]), Node("Abs", inputs: ["x"], outputs: ["a"])]))
    #expect(types(made.graph) == ["Abs", "Neg"])
    #expect(throws: ZooError.self) {
      try imported(graph([Node("Neg", inputs: ["a"], outputs: ["b"]), Node("Abs", inputs: ["b"], outputs: ["a"])]))
    }
  }

  @Test func namesOfFunctionsAndOfTheGraphDoNotMeet() throws {
    var function = Function()
    (function.name, function.domain, function.inputs, function.outputs) = ("F", "own", ["x", "left out"], ["y"])
    function.nodes = [
      Node("Abs", inputs: ["x"], outputs: ["a"]), Node("Clip", inputs: ["a", "left out"], outputs: ["y"]),
    ]
    function.operatorSets = [OperatorSet(version: 17)]
    let made = try imported(
      graph([
        Node("F", domain: "own", inputs: ["x"], outputs: ["a"]),
        Node("F", domain: "own", inputs: ["a"], outputs: ["y"]),
      ]), functions: [function])
    #expect(types(made.graph) == ["Abs", "Clip", "Abs", "Clip"])
    let nodes = made.graph.nodes.map { made.graph[$0] }
    #expect(nodes.allSatisfy { $0.opset == 17 && $0.inputs.count == 1 })
    #expect(made.graph.outputs == [nodes[3].outputs[0]])
    #expect(nodes[1].outputs == nodes[2].inputs)
  }

  @Test func bodiesSeeWhatIsAroundThem() throws {
    let inner = graph(
      [Node("Add", inputs: ["a", "x"], outputs: ["s"]), Node("Mul", inputs: ["s", "w"], outputs: ["y"])], inputs: [])
    var outer = graph(
      [
        Node("Abs", inputs: ["x"], outputs: ["a"]),
        Node(
          "If", inputs: ["c"], outputs: ["y"],
          attributes: [Attribute("then_branch", .graph(inner)), Attribute("else_branch", .graph(inner))]),
      ], inputs: ["x", "c"])
    outer.initializers = [NamedTensor(name: "w", tensor: StoredTensor(try Tensor([Float(1), 2], shape: [2])))]
    let made = try imported(outer)
    let node = try #require(made.graph.nodes.map { made.graph[$0] }.last)
    #expect(node.bodies.map(\.name) == ["then_branch", "else_branch"])
    // "a" and "x"; the constant is one inside as well.
    #expect(node.bodies.allSatisfy { $0.captures.count == 2 && $0.ownInputCount == 0 })
    #expect(node.operands.count == 5)
  }

  @Test func whatIsMissingOrTwiceIsRefused() throws {
    #expect(throws: ZooError.self) { try imported(graph([Node("Neg", inputs: ["a"], outputs: ["y"])])) }
    #expect(throws: ZooError.self) {
      try imported(graph([Node("Neg", inputs: ["x"], outputs: ["y"]), Node("Abs", inputs: ["x"], outputs: ["y"])]))
    }
    #expect(throws: ZooError.self) { try imported(graph([Node("Neg", domain: "zoo", inputs: ["x"], outputs: ["y"])])) }
    #expect(throws: ZooError.self) { try imported(graph([Node("Neg", inputs: ["x"], outputs: ["z"])])) }
  }

  @Test func defaultsAreConstantsUntilTheyAreGiven() throws {
    var graph = graph([Node("Add", inputs: ["x", "w"], outputs: ["y"])], inputs: ["x", "w"])
    graph.initializers = [NamedTensor(name: "w", tensor: StoredTensor(try Tensor([Float(1), 2], shape: [2])))]
    #expect(try imported(graph).graph.inputs.count == 1)
    #expect(try imported(graph).defaults.map(\.name) == ["w"])
    #expect(try imported(graph, given: ["w"]).graph.inputs.count == 2)
  }
}
