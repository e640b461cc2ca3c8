import CZooPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
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

  @Test func dataChoosesWhenTheModelRuns() throws {
    let model = try compile { definition in
      definition.graph.inputs = [
        ValueInfo(name: "x", elementType: .float32, shape: ["N"]),
        ValueInfo(name: "which", elementType: .bool, shape: []),
      ]
      definition.graph.outputs = [ValueInfo(name: "y")]
      var deeper = branch([Node("Mul", inputs: ["a", "ten"], outputs: ["b"])], "b")
      deeper.initializers = [NamedTensor(name: "ten", tensor: StoredTensor(try Tensor([Float(10)], shape: [])))]
      // The branch's own condition is known only in it; what lies around both is read in the inner one alone.
      let then = branch(
        [
          Node("Neg", inputs: ["x"], outputs: ["a"]), Node("Not", inputs: ["which"], outputs: ["no"]),
          condition("no", "c", then: branch([], "x"), otherwise: deeper),
        ], "c")
      definition.graph.nodes = [
        Node("Abs", inputs: ["x"], outputs: ["positive"]),
        condition("which", "z", then: then, otherwise: branch([], "positive")),
        Node("Relu", inputs: ["z"], outputs: ["y"]),
      ]
    }
    for (which, wanted) in [(true, [20, 0] as [Float]), (false, [2, 3]), (true, [20, 0])] {
      let result = try model.run([
        "x": try Tensor([-2, 3] as [Float], shape: [2]), "which": try Tensor([which], shape: []),
      ])
      #expect(try result["y"]?.elements(Float.self) == wanted)
    }
    let error = #expect(throws: ZooError.self) {
      try model.run(["x": try Tensor([Float(1)], shape: [1]), "which": try Tensor([true, false], shape: [2])])
    }
    #expect(error?.kind == .badShape)
  }

  /// Whatever else of the graph depends on data: a constant decides, a shape, and the number of elements that are not zero.
  @Test func knownConditionsDecideBesideShapesThatDependOnData() throws {
    func choose(_ nodes: [Node], _ name: String, then: Graph, _ output: ValueInfo = ValueInfo(name: "y"))
      throws -> CompiledModel
    {
      try compile { definition in
        definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N", 3])]
        definition.graph.outputs = [output, ValueInfo(name: "places")]
        definition.graph.initializers = [
          NamedTensor(name: "zero", tensor: StoredTensor(try Tensor([Int64(0)], shape: []))),
          NamedTensor(name: "one", tensor: StoredTensor(try Tensor([Int64(1)], shape: []))),
          NamedTensor(name: "two", tensor: StoredTensor(try Tensor([Int64(2)], shape: []))),
          NamedTensor(name: "yes", tensor: StoredTensor(try Tensor([true], shape: []))),
        ]
        definition.graph.nodes =
          [Node("NonZero", inputs: ["x"], outputs: ["places"])] + nodes + [
            condition(
              name, "y", then: then, otherwise: branch([Node("Neg", inputs: ["x"], outputs: ["negative"])], "negative"))
          ]
      }
    }
    let relu = branch([Node("Relu", inputs: ["x"], outputs: ["positive"])], "positive")
    func of(_ value: String, _ axis: String, _ comparison: String, _ number: String) -> [Node] {
      [
        Node("Shape", inputs: [value], outputs: ["shape"]),
        Node("Gather", inputs: ["shape", axis], outputs: ["extent"]),
        Node(comparison, inputs: ["extent", number], outputs: ["isSo"]),
      ]
    }
    let x = try Tensor([1, -2, 0, 4, -5, 6] as [Float], shape: [2, 3])
    let (positive, negative): ([Float], [Float]) = ([1, 0, 0, 4, 0, 6], [-1, 2, 0, -4, 5, -6])
    for (model, wanted) in [
      (try choose([], "yes", then: relu), positive),
      (try choose(of("x", "zero", "Equal", "two"), "isSo", then: relu), positive),
      (try choose(of("x", "zero", "Equal", "one"), "isSo", then: relu), negative),
      (try choose(of("places", "one", "Greater", "two"), "isSo", then: relu), positive),
      (try choose(of("places", "one", "Equal", "two"), "isSo", then: relu), negative),
    ] {
      let result = try model.run(["x": x])
      #expect(try result["y"]?.elements(Float.self) == wanted)
      #expect(try result["places"]?.elements(Int64.self) == [0, 0, 1, 1, 1, 0, 1, 0, 1, 2])
    }
    // And inside of what is taken.
    let inner = try choose([], "yes", then: branch([Node("NonZero", inputs: ["x"], outputs: ["found"])], "found"))
    #expect(try inner.run(["x": x])["y"]?.shape == [2, 5])
  }

  @Test func branchesOfAFunctionReadItsValuesAndAttributes() throws {
    var function = Function()
    (function.name, function.domain, function.inputs, function.outputs) = ("F", "own", ["x", "c"], ["y"])
    function.attributes = ["slope"]
    var alpha = Attribute("alpha", .float(0))
    alpha.referenceName = "slope"
    function.nodes = [
      Node("Neg", inputs: ["x"], outputs: ["n"]),
      condition(
        "c", "y", then: branch([Node("LeakyRelu", inputs: ["n"], outputs: ["t"], attributes: [alpha])], "t"),
        otherwise: branch([], "n")),
    ]
    function.operatorSets = [OperatorSet(version: 17)]
    let model = try compile { definition in
      definition.functions = [function]
      definition.operatorSets.append(OperatorSet(domain: "own", version: 1))
      definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N"])]
      definition.graph.outputs = [ValueInfo(name: "a"), ValueInfo(name: "b")]
      definition.graph.initializers = [
        NamedTensor(name: "yes", tensor: StoredTensor(try Tensor([true], shape: []))),
        NamedTensor(name: "no", tensor: StoredTensor(try Tensor([false], shape: []))),
      ]
      definition.graph.nodes = [("yes", "a"), ("no", "b")].map { flag, output in
        Node("F", domain: "own", inputs: ["x", flag], outputs: [output], attributes: [Attribute("slope", .float(0.5))])
      }
    }
    let result = try model.run(["x": try Tensor([-2, 4] as [Float], shape: [2])])
    #expect(try result["a"]?.elements(Float.self) == [2, -2])
    #expect(try result["b"]?.elements(Float.self) == [2, -4])
  }

  @Test func branchesAreChecked() throws {
    for body in [
      branch([Node("Neg", inputs: ["nothing"], outputs: ["a"])], "a"),
      branch(
        [Node("Neg", inputs: ["b"], outputs: ["a"]), Node("Neg", inputs: ["a"], outputs: ["b"])], "a"),
      branch([Node("Neg", inputs: ["x"], outputs: ["a"]), Node("Abs", inputs: ["x"], outputs: ["a"])], "a"),
      Graph(),
    ] {
      #expect(throws: ZooError.self) {
        try compile { definition in
          definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [ShapeDimension(.fixed(2))])]
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
