import OpsetConversion
import TestSupport
import Testing
import ZooCore

/// What can't be converted ends in an error that says where, what, and which operator set would do.
@Suite("Operator sets: errors")
struct ErrorTests {
  private static func model(
    _ nodes: [Node], opset: Int64, type: ElementType = .float32, shape: [ShapeDimension] = [2, 4]
  ) -> ModelDefinition {
    var graph = Graph()
    graph.name = "g"
    graph.nodes = nodes
    graph.inputs = [ValueInfo(name: "x", elementType: type, shape: shape)]
    graph.outputs = [ValueInfo(name: "y", elementType: type, shape: shape)]
    return ModelDefinition(graph, operatorSets: [OperatorSet(version: opset)])
  }

  private static func node(_ type: String, _ attributes: [Attribute] = []) -> Node {
    Node(type, name: "n", inputs: ["x"], outputs: ["y"], attributes: attributes)
  }

  @Test(arguments: [6, 29, 0, -1] as [Int64])
  func versionsOutOfRangeAreRefused(_ target: Int64) {
    let failure = error { try Self.model([Self.node("Relu")], opset: 13).converted(toOperatorSet: target) }
    #expect(failure?.kind == .usage && failure?.advice?.contains("7 to 28") == true)
  }

  @Test func anOperatorWithoutAnOlderFormNamesItsFirst() {
    let model = Self.model([Self.node("BitwiseNot")], opset: 18, type: .int32)
    let failure = error { try model.converted(toOperatorSet: 17) }
    #expect(failure?.kind == .unsupported && failure?.location == "BitwiseNot \"n\"")
    #expect(failure?.message.contains("BitwiseNot") == true && failure?.advice?.contains("18") == true)
  }

  @Test func aDecompositionIsLimitedByItsParts() {
    // Erf came with 9.
    let model = Self.model([Self.node("Gelu")], opset: 20)
    #expect((try? model.converted(toOperatorSet: 9)) != nil)
    let failure = error { try model.converted(toOperatorSet: 8) }
    #expect(failure?.location == "Gelu \"n\"" && failure?.advice?.contains("9") == true)
  }

  @Test func typesThatAVersionLacksAreRefused() {
    for (type, name, target, least) in [
      (ElementType.bfloat16, "Sin", 21, 22), (.bfloat16, "Abs", 12, 13), (.int8, "Add", 13, 14),
      (.uint4, "Identity", 20, 21),
    ] as [(ElementType, String, Int64, Int64)] {
      var source = Self.node(name)
      if name == "Add" { source.inputs = ["x", "x"] }
      let model = Self.model([source], opset: 24, type: type)
      let failure = error { try model.converted(toOperatorSet: target) }
      #expect(failure?.kind == .unsupported && failure?.location == "\(name) \"n\"")
      #expect(failure?.advice?.contains("\(least)") == true, "\(String(describing: failure))")
      #expect((try? model.converted(toOperatorSet: least)) != nil)
    }
  }

  @Test func errorsInBodiesNameBothNodes() {
    var body = Graph()
    body.nodes = [Node("Mod", name: "inner", inputs: ["x", "x"], outputs: ["r"])]
    body.outputs = [ValueInfo(name: "r", elementType: .float32, shape: [2, 4])]
    var branch = Node("If", name: "outer", inputs: ["c"], outputs: ["y"])
    branch.attributes = [Attribute("then_branch", .graph(body)), Attribute("else_branch", .graph(body))]
    var model = Self.model([branch], opset: 13)
    model.graph.inputs.append(ValueInfo(name: "c", elementType: .bool, shape: []))
    let failure = error { try model.converted(toOperatorSet: 9) }
    #expect(failure?.location == "If \"outer\": Mod \"inner\"", "\(String(describing: failure))")
  }

  @Test func modelsThatTheirOwnVersionDoesNotAllowAreBadData() {
    let failure = error { try Self.model([Self.node("Gelu")], opset: 13).converted(toOperatorSet: 20) }
    #expect(failure?.kind == .badData && failure?.advice?.contains("20") == true)
    #expect(error { try Self.model([Self.node("Nonsense")], opset: 13).converted(toOperatorSet: 20) } != nil)
    let future = error { try Self.model([Self.node("Relu")], opset: 99).converted(toOperatorSet: 20) }
    #expect(future?.kind == .unsupported)
  }

  @Test func functionsThatCallThemselvesEnd() {
    var function = Function()
    function.name = "F"
    function.domain = "own"
    function.inputs = ["x"]
    function.outputs = ["y"]
    function.operatorSets = [OperatorSet(version: 13), OperatorSet(domain: "own", version: 1)]
    function.nodes = [
      Node("F", domain: "own", inputs: ["x"], outputs: ["z"]), Node("Squeeze", inputs: ["z"], outputs: ["y"]),
    ]
    var model = Self.model([Node("F", domain: "own", name: "n", inputs: ["x"], outputs: ["y"])], opset: 13)
    model.functions = [function]
    #expect(error { try model.converted(toOperatorSet: 11) }?.kind == .badData)
  }

  @Test func nothingElseChanges() throws {
    var model = Self.model([Self.node("Relu")], opset: 13)
    model.graph.nodes[0].documentation = "first"
    model.documentation = "whole"
    model.operatorSets.append(OperatorSet(domain: "ai.onnx.ml", version: 3))
    let new = try model.converted(toOperatorSet: 21)
    #expect(new.documentation == "whole" && new.graph.nodes[0].documentation == "first")
    #expect(new.version(ofDomain: "ai.onnx.ml") == 3 && new.irVersion == 10)
    let old = try model.converted(toOperatorSet: 7)
    #expect(old.version(ofDomain: "") == 7 && old.irVersion == 8 && old.version(ofDomain: "ai.onnx.ml") == 3)
    model.operatorSets.removeLast()
    #expect(try model.converted(toOperatorSet: 7).irVersion == 3)
  }
}
