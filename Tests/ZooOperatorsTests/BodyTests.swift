import Testing
import ZooCore

@testable import ZooOperators

/// What is known of what operators with bodies give.
@Suite struct BodyTests {
  private let s = Dim.symbol("s")

  private func facts(_ graph: Graph, _ inputs: [String: ValueFacts]) throws -> GraphInference {
    var inference = GraphInference(operatorSets: ["": 17], inputs: inputs)
    try inference.infer(graph)
    return inference
  }

  private func body(_ inputs: [String], _ outputs: [String], _ nodes: [Node]) -> Attribute.Value {
    var graph = Graph()
    graph.inputs = inputs.map { ValueInfo(name: $0) }
    graph.outputs = outputs.map { ValueInfo(name: $0) }
    graph.nodes = nodes
    return .graph(graph)
  }

  private func graph(_ nodes: [Node]) -> Graph {
    var graph = Graph()
    graph.nodes = nodes
    return graph
  }

  private func integers(_ values: [Int64]) throws -> ValueFacts {
    ValueFacts(StoredTensor(try Tensor(values, shape: [values.count])))
  }

  private var float: ValueKind { .tensor(.float32) }

  @Test func branchesThatFailAreNotTaken() throws {
    let node = Node(
      "If", inputs: ["c"], outputs: ["y"],
      attributes: [
        Attribute("then_branch", body([], ["t"], [Node("Squeeze", inputs: ["x", "axes"], outputs: ["t"])])),
        Attribute("else_branch", body([], ["e"], [Node("Identity", inputs: ["x"], outputs: ["e"])])),
      ])
    let known = ["c": ValueFacts(.tensor(.bool), shape: []), "axes": try integers([1])]
    let taken = try facts(graph([node]), known.merging(["x": ValueFacts(float, shape: [s, 4])]) { $1 })
    #expect(taken["y"]?.shape == [s, 4])
    let either = try facts(graph([node]), known.merging(["x": ValueFacts(float, shape: [s, 1])]) { $1 })
    #expect(either["y"]?.kind == float)
    #expect(either["y"]?.shape == nil)
  }

  @Test func branchesShareWhatBothGive() throws {
    let node = Node(
      "If", inputs: ["c"], outputs: ["y"],
      attributes: [
        Attribute("then_branch", body([], ["t"], [Node("Identity", inputs: ["a"], outputs: ["t"])])),
        Attribute("else_branch", body([], ["e"], [Node("Identity", inputs: ["b"], outputs: ["e"])])),
      ])
    var known = [
      "a": ValueFacts(float, shape: [s, 3]), "b": ValueFacts(float, shape: [s, 4]),
      "c": ValueFacts(.tensor(.bool), shape: []),
    ]
    let either = try #require(facts(graph([node]), known)["y"]?.shape)
    #expect(either.count == 2)
    #expect(either[0] == s)
    #expect(either[1].hasUnknown)
    known["c"] = ValueFacts(StoredTensor(try Tensor([false], shape: [])))
    #expect(try facts(graph([node]), known)["y"]?.shape == [s, 4])
  }

  /// A loop that carries a state of shape (s, 4), one that grows along axis 0, and stacks the state.
  private func loop(_ inputs: [String]) -> Node {
    Node(
      "Loop", inputs: inputs + ["state", "growing"], outputs: ["last", "grown", "all"],
      attributes: [
        Attribute(
          "body",
          body(
            ["i", "go", "x", "g"], ["went", "y", "h", "z"],
            [
              Node("Identity", inputs: ["go"], outputs: ["went"]), Node("Relu", inputs: ["x"], outputs: ["y"]),
              Node("Concat", inputs: ["g", "row"], outputs: ["h"], attributes: [Attribute("axis", .int(0))]),
              Node("Identity", inputs: ["y"], outputs: ["z"]),
            ]))
      ])
  }

  @Test func loopsKeepWhatTheirBodiesKeep() throws {
    let known = [
      "state": ValueFacts(float, shape: [s, 4]), "growing": ValueFacts(float, shape: [s, 4]),
      "row": ValueFacts(float, shape: [1, 4]), "count": ValueFacts(.tensor(.int64), shape: [], elements: [s]),
      "go": ValueFacts(StoredTensor(try Tensor([true], shape: []))), "may": ValueFacts(.tensor(.bool), shape: []),
    ]
    for inputs in [["count", ""], ["count", "go"]] {
      let inferred = try facts(graph([loop(inputs)]), known)
      #expect(inferred["last"]?.shape == [s, 4])
      #expect(inferred["all"]?.shape == [s, s, 4])
      let grown = try #require(inferred["grown"]?.shape)
      #expect(grown.count == 2 && grown[0].hasUnknown && grown[1] == 4)
    }
    let stopping = try #require(facts(graph([loop(["count", "may"])]), known)["all"]?.shape)
    #expect(stopping.count == 3 && stopping[0].hasUnknown && Array(stopping[1...]) == [s, 4])
  }

  @Test func loopsInEachOtherTakeLinearTime() throws {
    var node = Node("Relu", inputs: ["x"], outputs: ["y"])
    for level in 0..<40 {
      let outer = body(["i\(level)", "c\(level)", "x"], ["c\(level)", "y"], [node])
      node = Node("Loop", inputs: ["count", "", "x"], outputs: ["y"], attributes: [Attribute("body", outer)])
    }
    let known = ["x": ValueFacts(float, shape: [s]), "count": ValueFacts(.tensor(.int64), shape: [])]
    #expect(try facts(graph([node]), known)["y"]?.shape == [s])
  }

  @Test func scansStackAlongTheirAxes() throws {
    let node = Node(
      "Scan", inputs: ["state", "x"], outputs: ["last", "all"],
      attributes: [
        Attribute("num_scan_inputs", .int(1)), Attribute("scan_input_axes", .ints([1])),
        Attribute("scan_output_axes", .ints([-1])),
        Attribute(
          "body",
          body(
            ["a", "b"], ["c", "d"],
            [Node("Add", inputs: ["a", "b"], outputs: ["c"]), Node("Identity", inputs: ["c"], outputs: ["d"])])),
      ])
    let known = ["state": ValueFacts(float, shape: [2, 5]), "x": ValueFacts(float, shape: [2, s, 5])]
    let inferred = try facts(graph([node]), known)
    #expect(inferred["last"]?.shape == [2, 5])
    #expect(inferred["all"]?.shape == [2, 5, s])
    let other = known.merging(["state": ValueFacts(float, shape: [1, 5])]) { $1 }
    #expect(throws: ZooError.self) {
      try facts(graph([node]), other.merging(["x": ValueFacts(.float32, [2, 3, 5])]) { $1 })
    }
  }

  @Test func elementsOfSequencesAreNotAlike() throws {
    let inferred = try facts(
      graph([
        Node("SequenceConstruct", inputs: ["a", "b"], outputs: ["q"]),
        Node("SequenceAt", inputs: ["q", "first"], outputs: ["x"]),
        Node("SequenceAt", inputs: ["q", "second"], outputs: ["y"]),
        Node("ConcatFromSequence", inputs: ["q"], outputs: ["z"], attributes: [Attribute("axis", .int(0))]),
      ]),
      [
        "a": ValueFacts(float, shape: [3, s]), "b": ValueFacts(float, shape: [4, s]), "first": try integers([0]),
        "second": try integers([1]),
      ])
    let (x, y) = (try #require(inferred["x"]?.shape), try #require(inferred["y"]?.shape))
    #expect(inferred["q"]?.kind == .sequence(float))
    #expect(x[1] == s && y[1] == s && x[0] != y[0])
    #expect(inferred["z"]?.shape?.last == s)
  }
}
