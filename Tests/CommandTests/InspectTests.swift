import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore

/// `zoo inspect --compiled`: regions, steps, and what lies inside them.
@Suite(.needs(Zoo.built)) struct InspectTests {
  private typealias Object = [String: Any]

  private func regions(_ model: ModelDefinition, _ options: String...) throws -> [Object] {
    try withFolder { folder in
      try model.write(to: folder + "/m.onnx", format: .onnx)
      let outcome = try Zoo.run(["inspect", folder + "/m.onnx", "--compiled", "--json"] + options)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try #require(outcome.json()["regions"] as? [Object])
    }
  }

  private func steps(_ region: Object) throws -> [Object] { try #require(region["steps"] as? [Object]) }

  private func outputs(_ step: Object) throws -> [[String]] {
    try #require(step["outputs"] as? [Object]).map { output in
      let shape = (output["shape"] as? [Any]).map { " " + $0.map { "\($0)" }.joined(separator: "×") } ?? ""
      return ["\(output["name"] ?? "")", "\(output["type"] ?? "")\(shape)", "\(output["layout"] ?? "")"]
    }
  }

  private func model(
    _ nodes: [Node], inputs: [ValueInfo], outputs: [String], constants: [(String, Tensor)] = []
  ) -> ModelDefinition {
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17)]
    (definition.graph.nodes, definition.graph.inputs) = (nodes, inputs)
    definition.graph.outputs = outputs.map { ValueInfo(name: $0) }
    definition.graph.initializers = constants.map { NamedTensor(name: $0, tensor: StoredTensor($1)) }
    return definition
  }

  @Test func stepsHaveTheirShapesLayoutsAndEpilogues() throws {
    let weights = try Tensor([Float](repeating: 1, count: 32 * 16 * 9), shape: [32, 16, 3, 3])
    let definition = model(
      [
        Node("Conv", name: "c1", inputs: ["x", "w"], outputs: ["a"]),
        Node("Relu", name: "r1", inputs: ["a"], outputs: ["b"]),
        Node("GlobalAveragePool", name: "p", inputs: ["b"], outputs: ["y"]),
      ], inputs: [ValueInfo(name: "x", elementType: .float32, shape: ["N", 16, "H", 12])], outputs: ["y"],
      constants: [("w", weights)])
    let found = try regions(definition, "--batch", "2", "--dim", "H=10")
    #expect(found.count == 1 && found[0]["planned"] as? Bool == true)
    let steps = try steps(found[0])
    let conv = try #require(steps.first { $0["operator"] as? String == "Conv" })
    #expect(conv["node"] as? String == "c1" && conv["epilogue"] as? [String] == ["Relu"] && conv["kernel"] is String)
    #expect(try outputs(conv) == [["b", "float32 2×32×8×10", "NCHW16C"]])
    #expect(try outputs(#require(steps.last)) == [["y", "float32 2×32×1×1", "plain"]])
  }

  /// What depends on how many elements are not zero is a region that waits; its nodes have symbols for extents.
  @Test func regionsEndWhereOnlyRunningTells() throws {
    let definition = model(
      [
        Node("Abs", name: "first", inputs: ["x"], outputs: ["a"]),
        Node("NonZero", name: "places", inputs: ["a"], outputs: ["p"]),
        Node("Transpose", name: "turned", inputs: ["p"], outputs: ["t"]),
        Node("NonZero", name: "again", inputs: ["t"], outputs: ["q"]),
        Node("Cast", name: "last", inputs: ["q"], outputs: ["y"], attributes: [Attribute("to", .int(1))]),
      ], inputs: [ValueInfo(name: "x", elementType: .float32, shape: [3, 4])], outputs: ["y"])
    let found = try regions(definition)
    #expect(found.map { $0["planned"] as? Bool } == [true, false, false])
    #expect(found[1]["arena_bytes"] == nil)
    let names = try found.map { try steps($0).map { $0["node"] as? String } }
    #expect(names == [["first", "places"], ["turned", "again"], ["last"]])
    #expect(try outputs(steps(found[1])[0]) == [["t", "int64 ?×2", "plain"]])
  }

  /// A loop's body is planned where shapes do not change from turn to turn, with the branches inside it.
  @Test func bodiesAreInsideTheirSteps() throws {
    func graph(_ nodes: [Node], _ inputs: [ValueInfo], _ outputs: [String]) -> Attribute.Value {
      var graph = Graph()
      (graph.nodes, graph.inputs, graph.outputs) = (nodes, inputs, outputs.map { ValueInfo(name: $0) })
      return .graph(graph)
    }
    let branches = ["then_branch": "Exp", "else_branch": "Neg"].sorted { $0.key > $1.key }.map { name, type in
      Attribute(name, graph([Node(type, name: type, inputs: ["after"], outputs: [type])], [], [type]))
    }
    let body = graph(
      [
        Node("Add", name: "grow", inputs: ["before", "x"], outputs: ["after"]),
        Node("If", name: "either", inputs: ["yes"], outputs: ["next"], attributes: branches),
      ],
      [
        ValueInfo(name: "turn", elementType: .int64, shape: []), ValueInfo(name: "yes", elementType: .bool, shape: []),
        ValueInfo(name: "before", elementType: .float32, shape: [2, 3]),
      ], ["yes", "next"])
    let definition = model(
      [Node("Loop", name: "loop", inputs: ["n", "", "x"], outputs: ["y"], attributes: [Attribute("body", body)])],
      inputs: [
        ValueInfo(name: "n", elementType: .int64, shape: []),
        ValueInfo(name: "x", elementType: .float32, shape: [2, 3]),
      ], outputs: ["y"])
    let loop = try steps(regions(definition)[0])[0]
    #expect(loop["operator"] as? String == "Loop")
    let bodies = try #require(loop["bodies"] as? [Object])
    #expect(bodies.map { $0["name"] as? String } == ["body"])
    let inner = try #require(bodies[0]["regions"] as? [Object])
    #expect(inner.map { $0["planned"] as? Bool } == [true])
    let nodes = try steps(inner[0])
    #expect(nodes.map { $0["node"] as? String } == ["grow", "either"])
    #expect(try outputs(nodes[0]) == [["after", "float32 2×3", "plain"]])
    let arms = try #require(nodes[1]["bodies"] as? [Object])
    #expect(arms.map { $0["name"] as? String } == ["then_branch", "else_branch"])
    for (arm, type) in zip(arms, ["Exp", "Neg"]) {
      #expect(try steps(#require(arm["regions"] as? [Object])[0]).map { $0["operator"] as? String } == [type])
    }
    try withFolder { folder in
      try definition.write(to: folder + "/m.onnx", format: .onnx)
      let text = try Zoo.run("inspect", folder + "/m.onnx", "--compiled").output
      let lines = text.split(separator: "\n").map(String.init)
      func indent(_ word: String) throws -> Int {
        try #require(lines.first { $0.drop { $0 == " " }.hasPrefix(word) }, "\(text)").prefix { $0 == " " }.count
      }
      #expect(try indent("loop") < indent("grow") && indent("grow") == indent("either"))
      #expect(try indent("either") < indent("then_branch") && indent("then_branch") < indent("Exp "))
    }
  }
}
