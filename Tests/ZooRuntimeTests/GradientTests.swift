import TestSupport
import Testing
import ZooCore
import ZooRuntime

/// ONNX's Gradient: what it differentiates, by its specification.
@Suite("Gradient") struct GradientTests {
  private func gradient(
    _ y: String, by xs: [String], zs: [String]? = nil, at inputs: [String]? = nil, _ outputs: String...
  ) -> Node {
    var attributes = [Attribute("xs", .strings(xs.map { Array($0.utf8) })), .text("y", y)]
    if let zs { attributes.append(Attribute("zs", .strings(zs.map { Array($0.utf8) }))) }
    return Node(
      "Gradient", domain: "ai.onnx.preview.training", name: "gradient", inputs: inputs ?? xs + (zs ?? []),
      outputs: outputs, attributes: attributes)
  }

  private func definition(
    _ nodes: [Node], _ inputs: [String: [ShapeDimension]], _ outputs: [String], constants: [String: Tensor] = [:]
  ) -> ModelDefinition {
    var definition = ModelDefinition()
    definition.operatorSets = [
      OperatorSet(version: 17), OperatorSet(domain: "ai.onnx.preview.training", version: 1),
      OperatorSet(domain: "own", version: 1),
    ]
    definition.graph.nodes = nodes
    definition.graph.inputs = inputs.sorted { $0.key < $1.key }.map {
      ValueInfo(name: $0.key, elementType: .float32, shape: $0.value)
    }
    definition.graph.outputs = outputs.map { ValueInfo(name: $0) }
    definition.graph.initializers = constants.map { NamedTensor(name: $0.key, tensor: StoredTensor($0.value)) }
    return definition
  }

  /// Outputs of a graph on single numbers.
  private func run(_ nodes: [Node], _ inputs: [String: Float], _ outputs: String...) throws -> [Float] {
    let model = try gradientModel(definition(nodes, inputs.mapValues { _ in [] }, outputs))
    let result = try model.run(inputs.mapValues { try Tensor([$0], shape: []) })
    return try outputs.map { try #require(result[$0]).elements(Float.self)[0] }
  }

  /// The function a·a·b.
  private let cube = [
    Node("Mul", inputs: ["a", "a"], outputs: ["aa"]), Node("Mul", inputs: ["aa", "b"], outputs: ["c"]),
  ]

  @Test func sumsAndProducts() throws {
    let nodes = [
      Node("Add", inputs: ["a", "b"], outputs: ["c"]), Node("Mul", inputs: ["c", "a"], outputs: ["d"]),
      gradient("d", by: ["a", "b"], "da", "db"),
    ]
    #expect(try run(nodes, ["a": 3, "b": 5], "d", "da", "db") == [24, 11, 3])
  }

  @Test func onlySomeAreWanted() throws {
    #expect(try run(cube + [gradient("c", by: ["a", "b"], "", "db")], ["a": 3, "b": 5], "db") == [9])
    #expect(try run(cube + [gradient("c", by: ["b"], zs: ["a"], "db")], ["a": 3, "b": 5], "db") == [9])
    // What neither names is what it is.
    #expect(try run(cube + [gradient("c", by: ["a"], "da")], ["a": 3, "b": 5], "da") == [30])
  }

  /// The inputs say where, the names only by what.
  @Test func valuesInBetweenAndElsewhere() throws {
    let nodes =
      cube + [
        gradient("c", by: ["aa", "b"], "daa", "db"), gradient("c", by: ["a"], zs: ["b"], at: ["b", "a"], "turned"),
      ]
    #expect(try run(nodes, ["a": 3, "b": 5], "daa", "db", "turned") == [5, 9, 30])
  }

  /// A step of Newton's method: the function is that of the point to which the step leads.
  @Test func theGraphMayDependOnItsResult() throws {
    func function(_ x: String, _ y: String) -> [Node] {
      [Node("Mul", inputs: [x, x], outputs: [y + "²"]), Node("Sub", inputs: [y + "²", "two"], outputs: [y])]
    }
    let nodes =
      function("x", "f") + [
        Node("Div", inputs: ["f", "slope"], outputs: ["step"]), Node("Sub", inputs: ["x", "step"], outputs: ["next"]),
      ] + function("next", "g") + [gradient("g", by: ["next"], at: ["x"], "slope")]
    #expect(try run(nodes, ["x": 2, "two": 2], "slope", "next") == [4, 1.5])
  }

  @Test func higherOrders() throws {
    var nodes = cube
    nodes.append(gradient("c", by: ["a", "b"], "da", "db"))
    nodes.append(gradient("da", by: ["a", "b"], "daa", "dab"))
    #expect(try run(nodes, ["a": 3, "b": 5], "da", "db", "daa", "dab") == [30, 9, 10, 6])
    nodes.append(gradient("daa", by: ["a", "b"], "daaa", "daab"))
    #expect(try run(nodes, ["a": 3, "b": 5], "daaa", "daab") == [0, 2])
  }

  /// A Gradient depends on more than it is given, and the next one differentiates by that, too.
  @Test func gradientsOfWhatIsReadAround() throws {
    let nodes = [
      Node("Exp", inputs: ["w"], outputs: ["k"]), Node("Mul", inputs: ["h", "h"], outputs: ["hh"]),
      Node("Mul", inputs: ["hh", "k"], outputs: ["o"]), gradient("o", by: ["h"], "dh"),
      gradient("dh", by: ["w"], "dhw"),
    ]
    #expect(try run(nodes, ["w": 0, "h": 3], "dh", "dhw") == [6, 6])
  }

  @Test func whatDoesNotDependHasZeros() throws {
    let nodes =
      cube + [
        gradient("c", by: ["e"], "de"), gradient("b", by: ["a", "b"], "da", "db"),
        Node("Floor", inputs: ["a"], outputs: ["floor"]), gradient("floor", by: ["a"], "step"),
        Node("Cast", inputs: ["a"], outputs: ["whole"], attributes: [Attribute("to", .int(7))]),
        Node("Cast", inputs: ["whole"], outputs: ["back"], attributes: [Attribute("to", .int(1))]),
        gradient("back", by: ["a"], "cast"), Node("Shape", inputs: ["a"], outputs: ["shape"]),
        Node(
          "ConstantOfShape", inputs: ["shape"], outputs: ["ones"],
          attributes: [
            Attribute("value", .tensor(NamedTensor(name: "", tensor: StoredTensor(try Tensor([Float(1)], shape: [1])))))
          ]),
        gradient("ones", by: ["a"], "extent"),
      ]
    let result = try run(nodes, ["a": 3, "b": 5, "e": 7], "de", "da", "db", "step", "cast", "extent")
    #expect(result == [0, 0, 1, 0, 0, 0])
  }

  @Test func initializersAreNamed() throws {
    let model = try gradientModel(
      definition(
        [
          Node("MatMul", inputs: ["x", "w"], outputs: ["p"]), Node("Add", inputs: ["p", "b"], outputs: ["y"]),
          gradient("y", by: ["w", "b"], zs: ["x"], "dw", "db"),
        ], ["x": ["N", 2]], ["dw", "db"],
        constants: ["w": try Tensor([1, 2] as [Float], shape: [2, 1]), "b": try Tensor([5] as [Float], shape: [1])]))
    let result = try model.run(["x": Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])])
    #expect(try result["dw"]?.elements(Float.self) == [9, 12])
    #expect(try result["db"]?.elements(Float.self) == [3])
  }

  /// One of several outputs of a node is given, the other is made.
  @Test func outputsOfOneNode() throws {
    let nodes = [
      Node("Split", inputs: ["x"], outputs: ["l", "r"]), Node("Mul", inputs: ["l", "r"], outputs: ["y"]),
      gradient("y", by: ["x", "l"], "dx", "dl"),
    ]
    let model = try gradientModel(definition(nodes, ["x": [4]], ["dx", "dl"]))
    let result = try model.run(["x": Tensor([1, 2, 3, 4] as [Float], shape: [4])])
    #expect(try result["dx"]?.elements(Float.self) == [0, 0, 1, 2])
    #expect(try result["dl"]?.elements(Float.self) == [3, 4])
  }

  @Test func branchesAndFunctionsHoldGradients() throws {
    var branch = Graph()
    branch.nodes = [
      Node("Mul", inputs: ["c", "b"], outputs: ["inner"]), gradient("inner", by: ["a"], "result"),
    ]
    branch.outputs = [ValueInfo(name: "result")]
    var other = Graph()
    other.outputs = [ValueInfo(name: "b")]
    let choice = Node(
      "If", inputs: ["yes"], outputs: ["y"],
      attributes: [Attribute("then_branch", .graph(branch)), Attribute("else_branch", .graph(other))])
    for isConstant in [true, false] {
      var model = definition(cube + [choice], ["a": [], "b": []], ["y"])
      let yes = try Tensor([true], shape: [])
      if isConstant {
        model.graph.initializers = [NamedTensor(name: "yes", tensor: StoredTensor(yes))]
      } else {
        model.graph.inputs.append(ValueInfo(name: "yes", elementType: .bool, shape: []))
      }
      var inputs = ["a": try Tensor([Float(3)], shape: []), "b": try Tensor([Float(5)], shape: [])]
      if !isConstant { inputs["yes"] = yes }
      #expect(try gradientModel(model).run(inputs)["y"]?.elements(Float.self) == [150])
    }
    var function = Function()
    (function.name, function.domain, function.inputs, function.outputs) = ("Slope", "own", ["a", "b"], ["s"])
    function.nodes = cube + [gradient("c", by: ["a"], "s")]
    function.operatorSets = [
      OperatorSet(version: 17), OperatorSet(domain: "ai.onnx.preview.training", version: 1),
    ]
    var model = definition(
      [
        Node("Slope", domain: "own", inputs: ["x", "w"], outputs: ["first"]),
        gradient("first", by: ["x"], "second"),
      ], ["x": [], "w": []], ["first", "second"])
    model.functions = [function]
    let result = try gradientModel(model).run(
      ["x": try Tensor([Float(3)], shape: []), "w": try Tensor([Float(5)], shape: [])])
    #expect(try result["first"]?.elements(Float.self) == [30])
    #expect(try result["second"]?.elements(Float.self) == [10])
  }

  @Test func typesInBetween() throws {
    let nodes = [
      Node("Cast", inputs: ["x"], outputs: ["half"], attributes: [Attribute("to", .int(10))]),
      Node("Mul", inputs: ["half", "half"], outputs: ["y"]), gradient("y", by: ["x"], "dx"),
    ]
    #expect(try run(nodes, ["x": 3], "dx") == [6])
  }

  @Test func shapesThatRunningTells() throws {
    let nodes = [
      Node("NonZero", inputs: ["x"], outputs: ["places"]), Node("Transpose", inputs: ["places"], outputs: ["tuples"]),
      Node("GatherND", inputs: ["x", "tuples"], outputs: ["found"]),
      Node("Mul", inputs: ["found", "found"], outputs: ["y"]), gradient("y", by: ["x"], "dx"),
    ]
    let model = try gradientModel(definition(nodes, ["x": [4]], ["dx"]))
    let result = try model.run(["x": Tensor([0, 2, 0, 4] as [Float], shape: [4])])
    #expect(try result["dx"]?.elements(Float.self) == [0, 4, 0, 8])
  }

  @Test func longChainsTakeNoLong() throws {
    let count = 2000
    var nodes = (0..<count).map { index in
      Node(index % 2 == 0 ? "Neg" : "Tanh", inputs: ["v\(index)"], outputs: ["v\(index + 1)"])
    }
    nodes.append(gradient("v\(count)", by: ["v0"], "d"))
    let clock = ContinuousClock()
    let start = clock.now
    #expect(try run(nodes, ["v0": 0], "d") == [1])
    #expect(clock.now - start < .seconds(60))
  }

  // MARK: Errors

  private func failure(_ nodes: [Node]) -> String {
    let failed = error { try run(nodes, ["a": 3, "b": 5], "d") }
    return failed.map { "\($0)" } ?? "none"
  }

  @Test func namesAreChecked() {
    #expect(failure(cube + [gradient("c", by: ["q"], at: ["a"], "d")]).contains("\"q\""))
    #expect(failure(cube + [gradient("q", by: ["a"], "d")]).contains("\"q\""))
    #expect(failure(cube + [gradient("c", by: ["a", "a"], "d", "e")]).contains("twice"))
    #expect(failure(cube + [gradient("c", by: ["a"], zs: ["a"], "d")]).contains("twice"))
    #expect(failure(cube + [gradient("c", by: ["a"], at: ["a", "b"], "d")]).contains("2 inputs"))
    #expect(failure(cube + [gradient("c", by: [], at: ["a"], "d")]).contains("xs is missing"))
    let nothing = Node("Gradient", domain: "ai.onnx.preview.training", inputs: ["a"], outputs: ["d"])
    #expect(failure(cube + [nothing]).contains("xs is missing"))
  }

  @Test func itsOwnResultIsNoFunction() {
    let own = [Node("Mul", inputs: ["a", "d"], outputs: ["c"]), gradient("c", by: ["a"], "d")]
    #expect(failure(own).contains("its own result"))
    let each = [gradient("e", by: ["a"], "d"), gradient("d", by: ["a"], "e")]
    #expect(failure(each).contains("its own result"))
  }

  @Test func operatorsWithoutADerivative() {
    let message = failure([
      Node("Det", name: "determinant", inputs: ["a"], outputs: ["c"]), gradient("c", by: ["a"], "d"),
    ])
    #expect(message.contains("Det"))
    let test = error {
      try gradientModel(
        definition(
          [Node("Det", name: "determinant", inputs: ["m"], outputs: ["c"]), gradient("c", by: ["m"], "d")],
          ["m": [2, 2]], ["d"])
      ).run(["m": Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])])
    }
    #expect(test.map { "\($0)".contains("no derivative of Det") && "\($0)".contains("determinant") } == true)
  }

  @Test func onlyNumbersWithAFractionAreDifferentiated() {
    let cast = Node("Cast", inputs: ["a"], outputs: ["c"], attributes: [Attribute("to", .int(7))])
    #expect(failure([cast, gradient("c", by: ["a"], "d")]).contains("int64"))
    #expect(failure([cast, gradient("a", by: ["c"], "d")]).contains("int64"))
  }

  /// Each doubles the one before it.
  @Test func growthHasAnEnd() {
    var nodes = cube
    for order in 0..<40 {
      let last = order == 0 ? "c" : "d\(order)"
      nodes += [
        gradient(last, by: ["a"], "e\(order)"), gradient(last, by: ["a"], "f\(order)"),
        Node("Mul", inputs: ["e\(order)", "f\(order)"], outputs: ["d\(order + 1)"]),
      ]
    }
    nodes.append(Node("Identity", inputs: ["d40"], outputs: ["d"]))
    #expect(failure(nodes).contains("more than"))
  }
}
