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
    #expect(found.kind == .unsupported)
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
    #expect(
      try message(["x": good, "z": Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])]).contains("N is 1 in the input"))
  }
}
