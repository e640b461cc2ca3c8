import CZooPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooRuntime

/// An If gives way to one of its branches where the condition is known.
@Suite("Branches")
struct BranchTests {
  private func compile(_ build: (inout ModelDefinition) throws -> Void) throws -> CompiledModel {
    let registry = OperatorRegistry()
    let plugin = try #require(standardPluginEntry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer))
    try registry.register(plugin, origin: "linked in")
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17)]
    try build(&definition)
    return try CompiledModel(definition, registry: registry)
  }

  private func branch(_ nodes: [Node], _ output: String) -> Graph {
    var graph = Graph()
    graph.nodes = nodes
    graph.outputs = [ValueInfo(name: output)]
    return graph
  }

  private func condition(_ name: String, _ output: String, then: Graph, otherwise: Graph) -> Node {
    Node(
      "If", name: "if_\(output)", inputs: [name], outputs: [output],
      attributes: [Attribute("then_branch", .graph(then)), Attribute("else_branch", .graph(otherwise))])
  }

  /// Thousands of Ifs in a branch, each of whose branches has a name of the outer one for itself.
  @Test("Many conditions in a branch take no long")
  func manyInOne() throws {
    let count = 6000
    let compiled = try compile { definition in
      definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [2])]
      definition.graph.outputs = [ValueInfo(name: "y")]
      definition.graph.initializers = [
        NamedTensor(name: "yes", tensor: StoredTensor(try Tensor([true], shape: [])))
      ]
      var nodes = [Node("Relu", inputs: ["x"], outputs: ["v0"])]
      for index in 1...count {
        let inner = branch(
          [
            Node("Neg", inputs: ["v\(index - 1)"], outputs: ["v\(index)"]),
            Node("Neg", inputs: ["v\(index)"], outputs: ["w"]),
          ], "w")
        nodes.append(condition("yes", "v\(index)", then: inner, otherwise: branch([], "x")))
      }
      definition.graph.nodes = [
        condition("yes", "y", then: branch(nodes, "v\(count)"), otherwise: branch([], "x"))
      ]
    }
    let y = try compiled.run(["x": Tensor([-1, 3] as [Float], shape: [2])])["y"]
    #expect(try y?.elements(Float.self) == [0, 3])
  }

  /// Whether a picture is square decides; branches read values around them, use the same names, and pass one on.
  private func model() throws -> CompiledModel {
    try compile { definition in
      definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N", "M"])]
      definition.graph.outputs = [ValueInfo(name: "y")]
      definition.graph.initializers = [
        NamedTensor(name: "zero", tensor: StoredTensor(try Tensor([Int64(0)], shape: []))),
        NamedTensor(name: "one", tensor: StoredTensor(try Tensor([Int64(1)], shape: []))),
        NamedTensor(name: "four", tensor: StoredTensor(try Tensor([Int64(4)], shape: []))),
      ]
      var deeper = branch([Node("Mul", inputs: ["inner", "two"], outputs: ["inner2"])], "inner2")
      deeper.initializers = [NamedTensor(name: "two", tensor: StoredTensor(try Tensor([Float(2)], shape: [])))]
      let nested = branch(
        [
          Node("Neg", inputs: ["x"], outputs: ["inner"]),
          condition("isFour", "result", then: deeper, otherwise: branch([], "inner")),
        ], "result")
      definition.graph.nodes = [
        Node("Shape", inputs: ["x"], outputs: ["shape"]),
        Node("Gather", inputs: ["shape", "zero"], outputs: ["rows"]),
        Node("Gather", inputs: ["shape", "one"], outputs: ["columns"]),
        Node("Equal", inputs: ["rows", "columns"], outputs: ["isSquare"]),
        Node("Equal", inputs: ["rows", "four"], outputs: ["isFour"]),
        condition("isSquare", "taken", then: nested, otherwise: branch([], "x")),
        Node("Relu", inputs: ["taken"], outputs: ["y"]),
      ]
    }
  }

  @Test func shapesChoose() throws {
    let model = try model()
    for (rows, columns, factor) in [(2, 3, Float(1)), (3, 3, -1), (4, 4, -2)] {
      let values = (0..<rows * columns).map { Float($0) - 4 }
      let result = try model.run(["x": try Tensor(values, shape: [rows, columns])])
      let y = try #require(result["y"])
      #expect(y.shape == [rows, columns])
      #expect(try y.elements(Float.self) == values.map { max(0, factor * $0) })
    }
  }

  @Test func dataCanNotChoose() throws {
    let model = try compile { definition in
      definition.graph.inputs = [
        ValueInfo(name: "x", elementType: .float32, shape: ["N"]),
        ValueInfo(name: "which", elementType: .bool, shape: []),
      ]
      definition.graph.outputs = [ValueInfo(name: "y")]
      definition.graph.nodes = [condition("which", "y", then: branch([], "x"), otherwise: branch([], "x"))]
    }
    let error = #expect(throws: ZooError.self) {
      try model.run(["x": try Tensor([Float(1)], shape: [1]), "which": try Tensor([true], shape: [])])
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("condition") == true)
  }

  @Test func branchesAreChecked() throws {
    for body in [
      branch([Node("Neg", inputs: ["nothing"], outputs: ["a"])], "a"),
      branch(
        [Node("Neg", inputs: ["b"], outputs: ["a"]), Node("Neg", inputs: ["x"], outputs: ["b"])], "a"),
      branch([Node("Neg", inputs: ["x"], outputs: ["a"]), Node("Abs", inputs: ["x"], outputs: ["a"])], "a"),
      Graph(),
    ] {
      #expect(throws: ZooError.self) {
        try compile { definition in
          definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [Dimension(.fixed(2))])]
          definition.graph.outputs = [ValueInfo(name: "y")]
          definition.graph.initializers = [
            NamedTensor(name: "yes", tensor: StoredTensor(try Tensor([true], shape: [])))
          ]
          definition.graph.nodes = [condition("yes", "y", then: body, otherwise: body)]
        }
      }
    }
  }
}
