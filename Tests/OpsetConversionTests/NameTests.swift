import OpsetConversion
import TestSupport
import Testing
import ZooCore

/// Names are bytes: those that differ only in Unicode's normal form are two.
@Suite("Operator sets: names")
struct NameTests {
  private static let (one, two) = ("é", "e\u{301}")

  private static func model() throws -> ModelDefinition {
    var graph = Graph()
    graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [1, 4, 1])]
    graph.outputs = [ValueInfo(name: "y"), ValueInfo(name: "z")]
    graph.initializers = [
      NamedTensor(name: one, tensor: StoredTensor(try Tensor([0 as Int64], shape: [1]))),
      NamedTensor(name: two, tensor: StoredTensor(try Tensor([2 as Int64], shape: [1]))),
    ]
    graph.nodes = [
      Node("Squeeze", name: "ñ", inputs: ["x", one], outputs: ["y"]),
      Node("Squeeze", name: "n\u{303}", inputs: ["x", two], outputs: ["z"]),
    ]
    return ModelDefinition(graph, operatorSets: [OperatorSet(version: 17)])
  }

  @Test func constantsAreKnownByTheirBytes() throws {
    let converted = try Self.model().converted(toOperatorSet: 11)
    let axes = converted.graph.nodes.filter { $0.operatorType == "Squeeze" }.map { $0[attribute: "axes"] }
    guard case .ints(let first)? = axes[0], case .ints(let second)? = axes[1] else {
      Issue.record("the axes are lost")
      return
    }
    #expect(first == [0] && second == [2])
    #expect(converted.graph.initializers.isEmpty)
    #expect(converted.graph.nodes.map { Array($0.name.utf8) } == [Array("ñ".utf8), Array("n\u{303}".utf8)])
  }

  @Test func newNamesAreApartFromBothForms() throws {
    var model = try Self.model()
    // What the conversion would call the axes of either node.
    model.operatorSets = [OperatorSet(version: 11)]
    model.graph.initializers = []
    model.graph.nodes = ["ñ", "n\u{303}"].enumerated().map { index, name in
      Node(
        "Squeeze", name: name, inputs: ["x"], outputs: [index == 0 ? "\(name)/axes" : "z"],
        attributes: [Attribute("axes", .ints([Int64(2 * index)]))])
    }
    model.graph.outputs = [ValueInfo(name: "ñ/axes"), ValueInfo(name: "z")]
    let converted = try model.converted(toOperatorSet: 17)
    let names =
      converted.graph.initializers.map(\.name) + converted.graph.nodes.flatMap(\.outputs)
      + converted.graph.inputs.map(\.name)
    #expect(Set(names.map { Array($0.utf8) }).count == names.count)
    let read = Set(converted.graph.nodes.flatMap(\.inputs).map { Array($0.utf8) })
    #expect(read.isSubset(of: Set(names.map { Array($0.utf8) })))
    #expect(names.allSatisfy { !$0.unicodeScalars.contains("¦") })
  }

  /// A Gradient names values in its attributes; where its function's body takes the place of a call, these are called otherwise.
  @Test func whatGradientsNameIsRenamed() throws {
    var function = Function()
    (function.name, function.domain, function.inputs, function.outputs) = ("F", "own", [Self.one], ["d"])
    function.nodes = [
      Node("Unsqueeze", inputs: [Self.one, "axes"], outputs: [Self.two]),
      Node(
        "Gradient", domain: "ai.onnx.preview.training", inputs: [Self.one], outputs: ["d"],
        attributes: [Attribute("xs", .strings([Array(Self.one.utf8)])), .text("y", Self.two)]),
    ]
    function.nodes.insert(
      Node(
        "Constant", inputs: [], outputs: ["axes"],
        attributes: [
          Attribute("value", .tensor(NamedTensor(name: "", tensor: StoredTensor(try Tensor([Int64(0)], shape: [1])))))
        ]), at: 0)
    function.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "ai.onnx.preview.training", version: 1)]
    var graph = Graph()
    graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [2])]
    graph.outputs = [ValueInfo(name: "z")]
    graph.nodes = [Node("F", domain: "own", inputs: ["x"], outputs: ["z"])]
    var model = ModelDefinition(
      graph, operatorSets: function.operatorSets + [OperatorSet(domain: "own", version: 1)])
    model.functions = [function]
    let converted = try model.converted(toOperatorSet: 11).graph
    let gradient = try #require(converted.nodes.first { $0.operatorType == "Gradient" })
    guard case .strings(let xs)? = gradient[attribute: "xs"], case .string(let y)? = gradient[attribute: "y"] else {
      Issue.record("the names are lost")
      return
    }
    #expect(xs.map { String(decoding: $0, as: UTF8.self) } == gradient.inputs)
    let unsqueezed = try #require(converted.nodes.first { $0.operatorType == "Unsqueeze" })
    #expect(unsqueezed.inputs[0] == "x" && unsqueezed.outputs.map { Array($0.utf8) } == [y])
  }
}
