import Testing
import ZooCore
import ZooRuntime

@Suite("Damaged graphs")
struct CheckGraphTests {
  private func error(_ definition: ModelDefinition) throws -> ZooError {
    let registry = try testRegistry()
    return try #require(throws: ZooError.self) { _ = try CompiledModel(definition, registry: registry) }
  }

  @Test("A cycle names a node on it")
  func cycle() throws {
    let found = try error(
      model(
        [
          Node("Add", name: "one", inputs: ["x", "b"], outputs: ["a"]),
          Node("Relu", name: "two", inputs: ["a"], outputs: ["b"]),
        ], inputs: [tensorInput("x", [2])], outputs: ["b"]))
    #expect(found.kind == .badData)
    #expect(found.description.contains("cycle"))
  }

  @Test("A dangling name is named, with its reader")
  func dangling() throws {
    let found = try error(
      model([Node("Relu", name: "r", inputs: ["ghost"], outputs: ["y"])], inputs: [], outputs: ["y"]))
    #expect(found.description.contains("\"ghost\"") && found.description.contains("Relu \"r\""))
  }

  @Test("Two producers of one value")
  func twice() throws {
    let found = try error(
      model(
        [Node("Relu", inputs: ["x"], outputs: ["y"]), Node("Relu", inputs: ["x"], outputs: ["y"])],
        inputs: [tensorInput("x", [2])], outputs: ["y"]))
    #expect(found.kind == .badData && found.description.contains("twice"))
  }

  @Test("An output that nothing makes, and no outputs at all")
  func outputs() throws {
    #expect(try error(model([], inputs: [tensorInput("x", [2])], outputs: ["y"])).description.contains("\"y\""))
    #expect(try error(model([], inputs: [tensorInput("x", [2])], outputs: [])).description.contains("no outputs"))
  }

  @Test("An unknown operator names itself, its domain and version, and the plugins searched")
  func unknownOperator() throws {
    let found = try error(
      model(
        [Node("Frobnicate", domain: "test", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])],
        outputs: ["y"]))
    #expect(found.kind == .missingOperator)
    for word in ["Frobnicate", "domain test", "version 1", "searched: Test"] {
      #expect(found.description.contains(word), "\(found.description)")
    }
  }

  @Test("A version of ONNX's operators that is newer than any known; of an unused domain, none matters")
  func newerVersions() throws {
    var definition = model(
      [Node("Relu", name: "r", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])], outputs: ["y"])
    definition.operatorSets = [OperatorSet(version: 99)]
    let found = try error(definition)
    #expect(found.kind == .unsupported && found.description.contains("version 99 of domain ai.onnx"), "\(found)")
    definition.operatorSets = [
      OperatorSet(version: 17), OperatorSet(domain: "ai.onnx.ml", version: 99), OperatorSet(domain: "x", version: 99),
    ]
    _ = try CompiledModel(definition, registry: testRegistry())
  }

  @Test("A domain that the model does not import")
  func domain() throws {
    let found = try error(
      model(
        [Node("Relu", domain: "elsewhere", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])],
        outputs: ["y"]))
    #expect(found.kind == .badData && found.description.contains("elsewhere"))
  }

  @Test("A function that calls itself")
  func recursion() throws {
    var definition = model(
      [Node("F", domain: "test", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])], outputs: ["y"])
    var function = Function()
    function.name = "F"
    function.domain = "test"
    function.inputs = ["a"]
    function.outputs = ["b"]
    function.nodes = [Node("F", domain: "test", inputs: ["a"], outputs: ["b"])]
    definition.functions = [function]
    #expect(try error(definition).description.contains("calls itself"))
  }

  @Test("Inputs of the wrong name, type, rank, extent; symbols that disagree")
  func wrongInputs() throws {
    let compiled = try CompiledModel(
      model(
        [Node("Add", inputs: ["x", "z"], outputs: ["y"])],
        inputs: [tensorInput("x", ["N", 2]), tensorInput("z", ["N", 2])], outputs: ["y"]), registry: testRegistry())
    let good = try Tensor([1, 2] as [Float], shape: [1, 2])
    func message(_ inputs: [String: Tensor]) throws -> String {
      try #require(throws: ZooError.self) { _ = try compiled.run(inputs) }.description
    }
    #expect(try message(["x": good]).contains("\"z\" is missing"))
    #expect(try message(["x": good, "z": good, "w": good]).contains("no input \"w\""))
    #expect(try message(["x": good, "z": Tensor([1, 2] as [Int64], shape: [1, 2])]).contains("int64"))
    #expect(try message(["x": good, "z": Tensor([1, 2] as [Float], shape: [2])]).contains("[N, 2], not [2]"))
    #expect(try message(["x": good, "z": Tensor([1, 2, 3] as [Float], shape: [1, 3])]).contains("[1, 3]"))
  }

  @Test("One symbol may have two extents; a negative extent is an open one")
  func openDimensions() throws {
    let open = try CompiledModel(
      model(
        [Node("Relu", inputs: ["x"], outputs: ["y"]), Node("Relu", inputs: ["z"], outputs: ["u"])],
        inputs: [tensorInput("x", ["N", -1]), tensorInput("z", ["N", ShapeDimension(.fixed(.min))])],
        outputs: ["y", "u"]),
      registry: testRegistry())
    let results = try open.run([
      "x": Tensor([1, 2] as [Float], shape: [1, 2]), "z": Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]),
    ])
    #expect(try results["y"]?.elements(Float.self) == [1, 2] && results["u"]?.elements(Float.self) == [1, 2, 3, 4])
    var dimension = ShapeDimension(3)
    dimension.extent = .fixed(-7)
    #expect(dimension == ShapeDimension(.unknown) && ShapeDimension(.symbol("")) == ShapeDimension(.unknown))
  }

  @Test("An output that is listed twice is one")
  func repeatedOutput() throws {
    let compiled = try CompiledModel(
      model([Node("Relu", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])], outputs: ["y", "x", "y"]),
      registry: testRegistry())
    let results = try compiled.run(["x": Tensor([-1, 2] as [Float], shape: [2])])
    #expect(compiled.outputs.map(\.name) == ["y", "x"])
    #expect(try results["y"]?.elements(Float.self) == [0, 2] && results["x"]?.elements(Float.self) == [-1, 2])
  }

  @Test("An initializer that is an input too is a default", arguments: [3, 4, 10] as [Int64])
  func defaults(irVersion: Int64) throws {
    var definition = model(
      [Node("Add", inputs: ["x", "w"], outputs: ["s"]), Node("Add", inputs: ["s", "v"], outputs: ["y"])],
      inputs: [tensorInput("w", [2]), tensorInput("x", [2]), tensorInput("v", ["M"])], outputs: ["y"],
      constants: try ["w": Tensor([10, 20] as [Float], shape: [2]), "v": Tensor([1, 1] as [Float], shape: [2])])
    definition.irVersion = irVersion
    let compiled = try CompiledModel(definition, registry: testRegistry())
    #expect(compiled.inputs.map(\.name) == ["x"] && compiled.optionalInputs.map(\.name) == ["w", "v"])
    func run(_ values: [String: [Float]]) throws -> [Float]? {
      try compiled.run(values.mapValues { try Tensor($0, shape: [$0.count]) })["y"]?.elements()
    }
    for _ in 0..<2 {
      #expect(try run(["x": [1, 2]]) == [12, 23])
      #expect(try run(["x": [1, 2], "w": [0, -1]]) == [2, 2])
      #expect(try run(["x": [1, 2], "v": [5, 6]]) == [16, 28])
      #expect(try run(["x": [1, 2], "v": [5, 6], "w": [0, 0]]) == [6, 8])
    }
    #expect(throws: ZooError.self) { try run(["x": [1, 2], "w": [1]]) }
    #expect(throws: ZooError.self) { try run(["w": [1, 2]]) }
    #expect(throws: ZooError.self) { try run(["x": [1, 2], "s": [1, 2]]) }
  }

  @Test("Names of functions, calls and branches may be long: copies of them stay short")
  func longNames() throws {
    let long = String(repeating: "n", count: 100_000)
    var function = Function()
    function.name = "F"
    function.domain = "test"
    function.inputs = ["a"]
    function.outputs = ["b"]
    let constant = NamedTensor(name: "", tensor: StoredTensor(try Tensor([1, 1] as [Float], shape: [2])))
    function.nodes = [
      Node("Constant", inputs: [], outputs: [long + "c"], attributes: [Attribute("value", .tensor(constant))]),
      Node("Add", name: long, inputs: ["a", long + "c"], outputs: [long]),
      Node("Add", name: long, inputs: [long, long + "c"], outputs: [long + "2"]),
      Node("Add", name: long, inputs: [long + "2", long + "c"], outputs: ["b"]),
    ]
    let count = 20_000
    var definition = model(
      (0..<count).map { index in
        Node(
          "F", domain: "test", name: long, inputs: [index == 0 ? "x" : "v\(index - 1)"], outputs: ["v\(index)"])
      }, inputs: [tensorInput("x", [2])], outputs: ["v\(count - 1)"])
    definition.functions = [function]
    let compiled = try CompiledModel(definition, registry: testRegistry())
    let result = try compiled.run(["x": Tensor([0, 1] as [Float], shape: [2])])["v\(count - 1)"]
    #expect(try result?.elements(Float.self) == [Float(3 * count), Float(3 * count + 1)])
    #expect(try compiled.steps(for: [[2]]).allSatisfy { $0.node.utf8.count < 500 })
    // Names that stand outside the function can't be shortened, nor may they be read without end.
    definition.graph.nodes[0].inputs = [long]
    definition.graph.inputs = [tensorInput(long, [2])]
    definition.functions[0].nodes = (0..<2000).map { Node("Relu", inputs: ["a"], outputs: ["b\($0)"]) }
    #expect(throws: ZooError.self) { try CompiledModel(definition, registry: testRegistry()) }
  }
}
