import TestSupport
import Testing
import ZooCore
import ZooRuntime

/// What loops carry from turn to turn is computed in its place where nothing else reads it, and nowhere else.
@Suite struct CarriedValueTests {
  private static let carried = 3

  /// Nodes that make of the values `before` as many others, and one more, some of them reading what others have used.
  private func nodes(
    _ generator: inout some RandomNumberGenerator, _ before: [String], turn: String
  ) -> (nodes: [Node], after: [String], seen: String) {
    var values = before
    var nodes: [Node] = []
    for index in 0..<6 {
      let name = "\(turn)v\(index)"
      let first = values.randomElement(using: &generator) ?? ""
      let kind = ["Add", "Sub", "Max", "Relu", "Identity"].randomElement(using: &generator) ?? ""
      let isUnary = kind == "Relu" || kind == "Identity"
      let second = values.randomElement(using: &generator) ?? ""
      nodes.append(Node(kind, inputs: isUnary ? [first] : [first, second], outputs: [name]))
      values.append(name)
    }
    let after = before.map { _ in values.randomElement(using: &generator) ?? "" }
    return (nodes, after, values.randomElement(using: &generator) ?? "")
  }

  private func graph(_ nodes: [Node], _ inputs: [ValueInfo], _ outputs: [String]) -> Attribute {
    var graph = Graph()
    (graph.nodes, graph.inputs) = (nodes, inputs)
    graph.outputs = outputs.map { ValueInfo(name: $0) }
    return Attribute("body", .graph(graph))
  }

  private func vector(_ name: String) -> ValueInfo {
    ValueInfo(name: name, elementType: .float32, shape: [ShapeDimension(.fixed(3))])
  }

  private func run(_ nodes: [Node], _ outputs: [String], turns: Int) throws -> [String: [Float]] {
    var constants: [String: Tensor] = ["turns": try Tensor([Int64(turns)], shape: [])]
    constants["rows"] = try Tensor([Float](repeating: 0, count: turns), shape: [turns])
    let inputs = (0..<Self.carried).map { tensorInput("x\($0)", [3]) }
    let tensors = try inputs.map { _ in try Tensor([-1.875, -0.625, 0.625] as [Float], shape: [3]) }
    let model = try CompiledModel(
      model(nodes, inputs: inputs, outputs: outputs, constants: constants), registry: shippedRegistry())
    let given = Dictionary(uniqueKeysWithValues: zip(inputs.map(\.name), tensors))
    let results = try (0..<2).map { _ in try model.run(given).mapValues { try $0.elements(Float.self) } }
    #expect(results[0] == results[1])
    // The caller's own are as they were.
    for tensor in tensors { #expect(try tensor.elements(Float.self) == [-1.875, -0.625, 0.625]) }
    return results[0]
  }

  @Test(arguments: 0..<60)
  func loopsGiveWhatTheirTurnsOneByOneGive(seed: Int) throws {
    var generator = SplitMix(state: UInt64(seed))
    let turns = 4
    let names = (0..<Self.carried).map { "c\($0)" }
    let body = nodes(&generator, names, turn: "b")
    let last = (0..<Self.carried).map { "last\($0)" }
    let initial = (0..<Self.carried).map { "x\($0)" }
    let loop = Node(
      "Loop", inputs: ["turns", ""] + initial, outputs: last + ["all"],
      attributes: [
        graph(
          body.nodes + [Node("Identity", inputs: ["going"], outputs: ["goes on"])],
          [
            ValueInfo(name: "turn", elementType: .int64, shape: []),
            ValueInfo(name: "going", elementType: .bool, shape: []),
          ] + names.map(vector), ["goes on"] + body.after + [body.seen])
      ])
    let scan = Node(
      "Scan", inputs: initial + ["rows"], outputs: last + ["all"],
      attributes: [
        Attribute("num_scan_inputs", .int(1)),
        graph(
          body.nodes, names.map(vector) + [ValueInfo(name: "row", elementType: .float32, shape: [])],
          body.after + [body.seen]),
      ])
    var unrolled: [Node] = []
    var (current, seen) = (initial, [String]())
    for turn in 0..<turns {
      func renamed(_ name: String) -> String { names.firstIndex(of: name).map { current[$0] } ?? "t\(turn)\(name)" }
      unrolled += body.nodes.map {
        Node($0.operatorType, inputs: $0.inputs.map(renamed), outputs: $0.outputs.map(renamed))
      }
      seen.append(renamed(body.seen))
      current = body.after.map(renamed)
    }
    unrolled += zip(current, last).map { Node("Identity", inputs: [$0], outputs: [$1]) }
    unrolled.append(Node("Concat", inputs: seen, outputs: ["flat"], attributes: [Attribute("axis", .int(0))]))
    let right = try run(unrolled, last + ["flat"], turns: turns)
    for node in [loop, scan] {
      let results = try run([node], last + ["all"], turns: turns)
      for name in last { #expect(results[name] == right[name], "\(node.operatorType)") }
      #expect(results["all"] == right["flat"], "\(node.operatorType)")
    }
  }

  /// The number of the turn and the pieces that a Scan goes through lie in memory that all turns share: who keeps them has
  /// a copy.
  @Test func whatTurnsShareDoesNotChangeWhatTheyGave() throws {
    let number = { ValueInfo(name: $0, elementType: .int64, shape: []) }
    let loop = Node(
      "Loop", inputs: ["turns", "", "first", "none"], outputs: ["last", "numbers", "all", "before"],
      attributes: [
        graph(
          [Node("SequenceInsert", inputs: ["seen", "turn"], outputs: ["more"])],
          [
            number("turn"), ValueInfo(name: "going", elementType: .bool, shape: []), number("carried"),
            ValueInfo(name: "seen", type: ValueType(.sequence(ValueType(.tensor(elementType: 7, shape: []))))),
          ], ["going", "turn", "more", "turn", "carried"])
      ])
    let scan = Node(
      "Scan", inputs: ["start", "rows"], outputs: ["last row", "all rows", "rows before"],
      attributes: [
        Attribute("num_scan_inputs", .int(1)), Attribute("scan_input_directions", .ints([1])),
        graph([], [vector("state"), vector("row")], ["row", "row", "state"]),
      ])
    let model = try CompiledModel(
      model(
        [
          Node("SequenceEmpty", inputs: [], outputs: ["none"], attributes: [Attribute("dtype", .int(7))]), loop,
          Node(
            "ConcatFromSequence", inputs: ["numbers"], outputs: ["joined"],
            attributes: [Attribute("axis", .int(0)), Attribute("new_axis", .int(1))]), scan,
        ],
        inputs: [tensorInput("first", [], .int64), tensorInput("start", [3]), tensorInput("rows", [2, 3])],
        outputs: ["last", "all", "before", "joined", "last row", "all rows", "rows before"],
        constants: ["turns": try Tensor([4 as Int64], shape: [])]), registry: shippedRegistry())
    let results = try model.run([
      "first": try Tensor([9 as Int64], shape: []), "start": try Tensor([7, 8, 9] as [Float], shape: [3]),
      "rows": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
    ])
    for (name, wanted) in [("last", [3]), ("all", [0, 1, 2, 3]), ("before", [9, 0, 1, 2]), ("joined", [0, 1, 2, 3])]
      as [(String, [Int64])]
    {
      #expect(try results[name]?.elements(Int64.self) == wanted, "\(name)")
    }
    for (name, wanted) in [
      ("last row", [1, 2, 3]), ("all rows", [4, 5, 6, 1, 2, 3]), ("rows before", [7, 8, 9, 4, 5, 6]),
    ] as [(String, [Float])] {
      #expect(try results[name]?.elements(Float.self) == wanted, "\(name)")
    }
  }

  @Test func aChangedElementDoesNotCostTheWholeTensor() throws {
    let size = 4 << 20
    let turns = 5000
    let loop = Node(
      "Loop", inputs: ["turns", "", "x"], outputs: ["last"],
      attributes: [
        graph(
          [
            Node("Identity", inputs: ["going"], outputs: ["goes on"]),
            Node("Reshape", inputs: ["turn", "one"], outputs: ["place"]),
            Node("Cast", inputs: ["place"], outputs: ["number"], attributes: [Attribute("to", .int(1))]),
            Node("ScatterElements", inputs: ["before", "place", "number"], outputs: ["after"]),
          ],
          [
            ValueInfo(name: "turn", elementType: .int64, shape: []),
            ValueInfo(name: "going", elementType: .bool, shape: []),
            ValueInfo(name: "before", elementType: .float32, shape: [ShapeDimension(.fixed(Int64(size)))]),
          ], ["goes on", "after"])
      ])
    let model = try CompiledModel(
      model(
        [loop], inputs: [tensorInput("x", [ShapeDimension(.fixed(Int64(size)))])], outputs: ["last"],
        constants: ["turns": try Tensor([Int64(turns)], shape: []), "one": try Tensor([1 as Int64], shape: [1])]),
      registry: shippedRegistry())
    let x = try Tensor(type: .float32, shape: [size]) { _ = $0.initializeMemory(as: Float.self, repeating: -1) }
    let start = ContinuousClock.now
    let last = try #require(try model.run(["x": x])["last"]).elements(Float.self)
    // To copy it at each turn would move 80 GiB.
    #expect(ContinuousClock.now - start < .seconds(8))
    #expect(last[..<turns] == ArraySlice((0..<turns).map(Float.init)) && last[turns...].allSatisfy { $0 == -1 })
  }
}
