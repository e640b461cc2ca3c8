import Testing
import ZooCore
import ZooRuntime

/// If, Loop, Scan, SequenceMap and sequences: parts of the same compiled model as everything around them.
@Suite struct ControlFlowTests {
  private func body(_ nodes: [Node], inputs: [ValueInfo], outputs: [String]) -> Attribute.Value {
    var graph = Graph()
    (graph.nodes, graph.inputs) = (nodes, inputs)
    graph.outputs = outputs.map { ValueInfo(name: $0) }
    return .graph(graph)
  }

  private func number(_ name: String, _ type: ElementType = .float32) -> ValueInfo {
    ValueInfo(name: name, elementType: type, shape: [])
  }

  private func compiled(_ nodes: [Node], inputs: [ValueInfo], outputs: [String], constants: [String: Tensor] = [:])
    throws
    -> CompiledModel
  {
    try CompiledModel(model(nodes, inputs: inputs, outputs: outputs, constants: constants), registry: shippedRegistry())
  }

  /// x grows by w at each turn until it is 10 or more, or the turns are used up; all values on the way are stacked.
  private func loop() -> Node {
    Node(
      "Loop", inputs: ["limit", "yes", "x"], outputs: ["last", "all"],
      attributes: [
        Attribute(
          "body",
          body(
            [
              Node("Add", inputs: ["before", "w"], outputs: ["after"]),
              Node("Less", inputs: ["after", "ten"], outputs: ["goes on"]),
              Node("Identity", inputs: ["after"], outputs: ["seen"]),
            ], inputs: [number("turn", .int64), number("condition", .bool), number("before")],
            outputs: ["goes on", "after", "seen"]))
      ])
  }

  @Test(arguments: [(0, [Float]()), (2, [3, 5]), (100, [3, 5, 7, 9, 11])])
  func loopsRunWhileTheirConditionHolds(limit: Int, all: [Float]) throws {
    let model = try compiled(
      [loop()], inputs: [tensorInput("limit", [], .int64), tensorInput("x", [])], outputs: ["last", "all"],
      constants: [
        "yes": try Tensor([true], shape: []), "w": try Tensor([2 as Float], shape: []),
        "ten": try Tensor([10 as Float], shape: []),
      ])
    for _ in 0..<2 {
      let results = try model.run([
        "limit": try Tensor([Int64(limit)], shape: []), "x": try Tensor([1 as Float], shape: []),
      ])
      #expect(try results["all"]?.elements(Float.self) == all)
      #expect(try results["last"]?.elements(Float.self) == [all.last ?? 1])
    }
  }

  @Test func profilesAndCalibrationSeeIntoBodies() throws {
    let node = Node(
      "Loop", inputs: ["limit", "", "x"], outputs: ["last"],
      attributes: [
        Attribute(
          "body",
          body(
            [
              Node("Identity", inputs: ["condition"], outputs: ["goes on"]),
              Node("MatMul", inputs: ["before", "w"], outputs: ["after"]),
            ],
            inputs: [number("turn", .int64), number("condition", .bool), tensorInput("before", [2, 2])],
            outputs: ["goes on", "after"]))
      ])
    let model = try compiled(
      [node], inputs: [tensorInput("limit", [], .int64), tensorInput("x", [2, 2])], outputs: ["last"],
      constants: ["w": try Tensor([2 as Float, 0, 0, 3], shape: [2, 2])])
    let inputs = [
      "limit": try Tensor([3 as Int64], shape: []), "x": try Tensor([1 as Float, 1, 1, 1], shape: [2, 2]),
    ]
    let profile = try model.profile(inputs)
    let spans = Dictionary(grouping: profile.nodes) { profile.steps[$0.step].operatorType }
    #expect(spans["MatMul"]?.count == 3 && spans["Loop"]?.count == 1)
    let loop = try #require(spans["Loop"]?.first)
    #expect(loop.innerNanoseconds > 0 && loop.innerNanoseconds <= loop.end - loop.start)
    #expect(spans["MatMul"]?.allSatisfy { $0.start >= loop.start && $0.end <= loop.end } == true)
    var seen: [[Float]] = []
    try model.observeProducts(inputs) { name, elements in
      if name == "before" { seen.append(Array(elements)) }
    }
    #expect(seen == [[1, 1, 1, 1], [2, 3, 2, 3], [4, 9, 4, 9]])
  }

  /// What depends on shapes that only running tells is planned when they are there, branches and loops inside it too.
  @Test func shapesThatDependOnDataGoThroughTheSameCompiler() throws {
    let model = try compiled(
      [
        Node("NonZero", inputs: ["x"], outputs: ["places"]), Node("Transpose", inputs: ["places"], outputs: ["rows"]),
        Node("Cast", inputs: ["rows"], outputs: ["numbers"], attributes: [Attribute("to", .int(1))]),
        Node("MatMul", inputs: ["numbers", "w"], outputs: ["product"]),
        Node("Relu", inputs: ["product"], outputs: ["y"]),
      ], inputs: [tensorInput("x", ["N"])], outputs: ["y"],
      constants: ["w": try Tensor([2 as Float, -1], shape: [1, 2])])
    for (x, y) in [([0, 5, 0, 7] as [Float], [2, 0, 6, 0] as [Float]), ([0], []), ([1, 1, 1], [0, 0, 2, 0, 4, 0])] {
      let result = try model.run(["x": try Tensor(x, shape: [x.count])])
      #expect(try result["y"]?.elements(Float.self) == y && result["y"]?.shape == [y.count / 2, 2])
    }
    let steps = try model.profile(["x": try Tensor([0 as Float, 5], shape: [2])]).steps
    #expect(steps.map(\.operatorType) == ["NonZero", "Transpose", "Cast", "MatMul"])
    #expect(steps.last?.epilogue == ["Relu"])
  }

  /// The pieces that a Scan goes through share memory; strings have none.
  @Test func scansGiveTheirPiecesBack() throws {
    func scanned(_ x: Tensor, axis: Int64) throws -> Tensor {
      let piece = ValueInfo(name: "piece", elementType: x.type, shape: ["n"])
      let node = Node(
        "Scan", inputs: ["x"], outputs: ["y"],
        attributes: [
          Attribute("body", body([], inputs: [piece], outputs: ["piece"])), Attribute("num_scan_inputs", .int(1)),
          Attribute("scan_input_axes", .ints([axis])), Attribute("scan_input_directions", .ints([1])),
        ])
      let model = try compiled([node], inputs: [tensorInput("x", ["a", "b"], x.type)], outputs: ["y"])
      return try #require(try model.run(["x": x])["y"])
    }
    let columns = try scanned(Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]), axis: 1)
    #expect(try columns.shape == [3, 2] && columns.elements(Float.self) == [3, 6, 2, 5, 1, 4])
    let texts = ["a", "b", "c", "d"].map { Array($0.utf8) }
    let rows = try scanned(Tensor(strings: texts, shape: [2, 2]), axis: 0)
    #expect(rows.shape == [2, 2] && rows.strings == [texts[2], texts[3], texts[0], texts[1]])
  }

  /// The doubled parts of five numbers, of two and three, and the last of them.
  private func doubledParts() throws -> CompiledModel {
    try compiled(
      [
        Node(
          "SplitToSequence", inputs: ["x", "sizes"], outputs: ["parts"], attributes: [Attribute("axis", .int(0))]),
        Node(
          "SequenceMap", inputs: ["parts"], outputs: ["doubled"],
          attributes: [
            Attribute(
              "body",
              body(
                [Node("Add", inputs: ["part", "part"], outputs: ["sum"])],
                inputs: [ValueInfo(name: "part", elementType: .float32, shape: ["n"])], outputs: ["sum"]))
          ]),
        Node("SequenceAt", inputs: ["doubled", "last"], outputs: ["y"]),
      ], inputs: [tensorInput("x", [5])], outputs: ["doubled", "y"],
      constants: ["sizes": try Tensor([2 as Int64, 3], shape: [2]), "last": try Tensor([-1 as Int64], shape: [])])
  }

  @Test func sequencesAreValues() throws {
    let model = try doubledParts()
    let results = try model.run(exactly: [("x", .tensor(try Tensor([1, 2, 3, 4, 5] as [Float], shape: [5])))])
    #expect(try results[1].value.tensor?.elements(Float.self) == [6, 8, 10])
    guard case .sequence(let parts) = results[0].value else {
      Issue.record("no sequence")
      return
    }
    #expect(try parts.map { try $0.tensor?.elements(Float.self) } == [[2, 4], [6, 8, 10]])
  }

  @Test("Values of one run are not those of another at the same time")
  func sequencesOfManyThreads() async throws {
    let model = try doubledParts()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          let x = try Tensor((0..<5).map { Float(task + $0) }, shape: [5])
          return try (0..<500).allSatisfy { _ in
            let last = try model.run(exactly: [("x", .tensor(x))])[1].value.tensor
            return try last?.elements(Float.self) == (2..<5).map { Float(2 * (task + $0)) }
          }
        }
      }
      for try await right in group { #expect(right) }
    }
  }
}
