import CZooPlugin
import ConvPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

func shippedRegistry() throws -> OperatorRegistry {
  let registry = OperatorRegistry()
  for plugin in [standardPlugin, convPlugin] {
    let table = try #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer))
    try registry.register(table, origin: "linked in")
  }
  return registry
}

/// Numbers that look random, the same ones for a seed.
func numbers(_ shape: [Int], seed: Int = 0) throws -> Tensor {
  try Tensor((0..<shape.reduce(1, *)).map { Float(($0 + seed * 31) * 7919 % 1021) / 1021 - 0.4 }, shape: shape)
}

/// What a file calls its values changes nothing: neither names that passes make, nor names that Unicode holds for equal.
@Suite("Names of values")
struct NameTests {
  /// A folded normalization and blocked layouts beside a value and two constants that have nothing to do with them.
  private static func network(_ names: [String]) throws -> ModelDefinition {
    let pads = Attribute("pads", .ints([1, 1, 1, 1]))
    var definition = model(
      [
        Node("Sigmoid", inputs: ["z"], outputs: [names[0]]),
        Node("Conv", inputs: ["x", "w"], outputs: ["c"], attributes: [pads]),
        Node("BatchNormalization", inputs: ["c", "g", "g", "g", "v"], outputs: ["b"]),
        Node("Conv", inputs: ["b", "w2"], outputs: ["d"], attributes: [pads]),
        Node("Softmax", inputs: ["d"], outputs: ["s"], attributes: [Attribute("axis", .int(2))]),
        Node("Conv", inputs: ["x", names[1]], outputs: ["e"], attributes: [pads]),
        Node("Mul", inputs: [names[0], names[2]], outputs: ["y"]),
        Node("Add", inputs: ["s", "e"], outputs: ["t"]),
      ], inputs: [tensorInput("x", [1, 3, 8, 8]), tensorInput("z", [2])], outputs: ["t", "y"],
      constants: [
        "w": try numbers([32, 3, 3, 3]), "w2": try numbers([32, 32, 3, 3], seed: 1),
        "g": try numbers([32], seed: 2), "v": try Tensor((0..<32).map { Float($0 + 1) }, shape: [32]),
      ])
    // A dictionary would hold names for equal that are to be told apart.
    definition.graph.initializers += [
      NamedTensor(name: names[1], tensor: StoredTensor(try numbers([32, 3, 3, 3], seed: 3))),
      NamedTensor(name: names[2], tensor: StoredTensor(try numbers([2], seed: 4))),
    ]
    return definition
  }

  private static func answers(_ names: [String]) throws -> [[Float]] {
    let model = try CompiledModel(network(names), registry: shippedRegistry())
    let results = try model.run(["x": try numbers([1, 3, 8, 8], seed: 5), "z": try numbers([2], seed: 6)])
    return try ["t", "y"].map { try #require(results[$0]).elements(Float.self) }
  }

  @Test func namesThatPassesMakeAreFree() throws {
    let plain = try Self.answers(["value", "weight", "scale"])
    let definition = try Self.network(["value", "weight", "scale"])
    let own = Set(definition.graph.nodes.flatMap { $0.inputs + $0.outputs })
    // What passes call what they make.
    let seen = try CompiledModel(definition, registry: shippedRegistry()).steps(for: [[1, 3, 8, 8], [2]]).map(\.node)
      .filter { !own.contains($0) }
    let roles = ["weight", "bias", "plain", "blocked", "flat", "key", "stack", "shape"]
    let names = seen + ["b", "d", "x", "c", "s"].flatMap { base in roles.map { "\(base)/\($0)" } }
    for start in stride(from: 0, to: names.count, by: 3) {
      let taken = (0..<3).map { names[(start + $0) % names.count] }
      #expect(try Self.answers(taken) == plain, "\(taken)")
    }
  }

  @Test func normalFormsAreToldApart() throws {
    let forms = ["\u{212B}", "Å", "A\u{30A}"]
    #expect(try Self.answers(forms) == Self.answers(["value", "weight", "scale"]))
  }

  @Test func inputsAndOutputsAreNamedByBytes() throws {
    let (one, two) = ("é", "e\u{301}")
    let compiled = try CompiledModel(
      model(
        [Node("Sub", inputs: [one, two], outputs: ["ñ"]), Node("Sub", inputs: [two, one], outputs: ["n\u{303}"])],
        inputs: [tensorInput(one, [1]), tensorInput(two, [1])], outputs: ["ñ", "n\u{303}"]), registry: testRegistry())
    let (five, three) = (try Tensor([5 as Float], shape: [1]), try Tensor([3 as Float], shape: [1]))
    let results = try compiled.run(exactly: [(two, .tensor(three)), (one, .tensor(five))])
    #expect(try results.map { try $0.value.tensor?.elements(Float.self) } == [[2], [-2]])
    #expect(results.map { Array($0.name.utf8) } == [Array("ñ".utf8), Array("n\u{303}".utf8)])
    #expect(compiled.inputs.map { Array($0.name.utf8) } == [Array(one.utf8), Array(two.utf8)])
    // A table has room for one of them only.
    let missing = #expect(throws: ZooError.self) { try compiled.run([one: five]) }
    #expect(missing?.message.contains("missing") == true)
  }

  @Test func anInputAnswersToEquivalentNames() throws {
    let compiled = try CompiledModel(
      model([Node("Relu", inputs: ["é"], outputs: ["y"])], inputs: [tensorInput("é", [1])], outputs: ["y"]),
      registry: testRegistry())
    let results = try compiled.run(["e\u{301}": try Tensor([2 as Float], shape: [1])])
    #expect(try results["y"]?.elements(Float.self) == [2])
  }

  @Test func errorsAndStepsNameValuesAsTheFileDoes() throws {
    let error = #expect(throws: ZooError.self) {
      try CompiledModel(
        model([Node("Relu", inputs: ["日本"], outputs: ["é"])], inputs: [], outputs: ["é"]), registry: testRegistry())
    }
    #expect(error?.message.contains("日本") == true && error?.location?.contains("é") == true)
  }

  @Test func functionsAndTheirAttributesAreNamedByBytes() throws {
    func function(_ name: String, _ bound: String, last: String) -> Function {
      var function = Function()
      (function.name, function.domain, function.inputs, function.outputs) = (name, "own", ["é"], ["e\u{301}"])
      function.attributes = [bound]
      var alpha = Attribute("alpha", .float(0))
      alpha.referenceName = bound
      function.nodes = [
        Node("LeakyRelu", inputs: ["é"], outputs: ["a"], attributes: [alpha]),
        Node(last, inputs: ["a"], outputs: ["e\u{301}"]),
      ]
      function.operatorSets = [OperatorSet(version: 17)]
      return function
    }
    let given = [Attribute("ñ", .float(0.5)), Attribute("n\u{303}", .float(0.25))]
    var definition = model(
      [
        Node("é", domain: "own", inputs: ["x"], outputs: ["y"], attributes: given),
        Node("e\u{301}", domain: "own", inputs: ["x"], outputs: ["z"], attributes: given),
      ], inputs: [tensorInput("x", [1])], outputs: ["y", "z"])
    definition.operatorSets.append(OperatorSet(domain: "own", version: 1))
    definition.functions = [
      function("é", "ñ", last: "Neg"), function("e\u{301}", "n\u{303}", last: "Identity"),
    ]
    let compiled = try CompiledModel(definition, registry: shippedRegistry())
    let results = try compiled.run(["x": try Tensor([-4 as Float], shape: [1])])
    #expect(try results["y"]?.elements(Float.self) == [2])
    #expect(try results["z"]?.elements(Float.self) == [-1])
  }
}
