import ConvPlugin
import Testing
import ZooCore
import ZooRuntime

@Suite("Compiled models")
struct CompiledModelTests {
  /// y = relu(x + x) - x, with nodes out of order.
  private let small = model(
    [
      Node("Sub", name: "sub", inputs: ["r", "x"], outputs: ["y"]),
      Node("Add", name: "add", inputs: ["x", "x"], outputs: ["s"]),
      Node("Relu", name: "relu", inputs: ["i"], outputs: ["r"]),
      Node("Identity", name: "identity", inputs: ["s"], outputs: ["i"]),
    ], inputs: [tensorInput("x", ["N"])], outputs: ["y"])

  @Test("A small graph gives what it says, at several shapes")
  func values() throws {
    let compiled = try CompiledModel(small, registry: testRegistry())
    for count in [3, 1, 100, 3] {
      let x = (0..<count).map { Float($0) - 1 }
      let y = try compiled.run(["x": Tensor(x, shape: [count])])["y"]
      #expect(try y?.elements(Float.self) == x.map { max($0 + $0, 0) - $0 })
    }
  }

  @Test("A graph of very many nodes is planned without comparing them all, and right")
  func manyNodes() throws {
    let count = 12_000
    var nodes: [Node] = []
    for index in 0..<count {
      nodes.append(Node("Relu", inputs: ["x"], outputs: ["r\(index)"]))
      nodes.append(
        Node("Add", inputs: [index == 0 ? "x" : "a\(index - 1)", "r\(index)"], outputs: ["a\(index)"]))
    }
    let definition = model(nodes, inputs: [tensorInput("x", [2])], outputs: ["a\(count - 1)"])
    let compiled = try CompiledModel(definition, registry: testRegistry())
    let y = try compiled.run(["x": Tensor([-1, 2] as [Float], shape: [2])])["a\(count - 1)"]
    #expect(try y?.elements(Float.self) == [-1, Float(2 + 2 * count)])
  }

  @Test("Relu becomes the epilogue of Add, and Identity disappears")
  func fusion() throws {
    let compiled = try CompiledModel(small, registry: testRegistry())
    let steps = try compiled.steps(for: [[4]])
    #expect(steps.map(\.operatorType) == ["Add", "Sub"])
    #expect(steps[0].epilogue == ["Relu"])
    #expect(steps[0].summary == "with Relu")
  }

  @Test("A value that is published or read twice is not fused away")
  func noFusion() throws {
    let nodes = [
      Node("Add", inputs: ["x", "x"], outputs: ["s"]), Node("Relu", inputs: ["s"], outputs: ["y"]),
    ]
    let compiled = try CompiledModel(
      model(nodes, inputs: [tensorInput("x", [2])], outputs: ["y", "s"]), registry: testRegistry())
    let results = try compiled.run(["x": Tensor([-1, 2] as [Float], shape: [2])])
    #expect(try results["s"]?.elements(Float.self) == [-2, 4])
    #expect(try results["y"]?.elements(Float.self) == [0, 4])
  }

  @Test("Outputs that are inputs or constants are copies")
  func passedThrough() throws {
    let constant = try Tensor([7, 8] as [Float], shape: [2])
    let compiled = try CompiledModel(
      model([], inputs: [tensorInput("x", [2])], outputs: ["x", "c"], constants: ["c": constant]),
      registry: testRegistry())
    let results = try compiled.run(["x": Tensor([1, 2] as [Float], shape: [2])])
    #expect(try results["x"]?.elements(Float.self) == [1, 2])
    #expect(try results["c"]?.elements(Float.self) == [7, 8])
  }

  @Test("Batch normalization is folded into the convolution before it")
  func batchNormalization() throws {
    func vector(_ values: [Float]) throws -> Tensor { try Tensor(values, shape: [values.count]) }
    let definition = model(
      [
        Node("Conv", inputs: ["x", "w", "b"], outputs: ["c"]),
        Node(
          "BatchNormalization", inputs: ["c", "scale", "shift", "mean", "variance"], outputs: ["y"],
          attributes: [Attribute("epsilon", .float(0.5))]),
      ], inputs: [tensorInput("x", ["N", 2, 1, 1])], outputs: ["y"],
      constants: [
        "w": try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2, 1, 1]), "b": try vector([1, -1]),
        "scale": try vector([2, 3]), "shift": try vector([0.5, 0.25]), "mean": try vector([1, 2]),
        "variance": try vector([3.5, 0.5]),
      ])
    let compiled = try CompiledModel(definition, registry: testRegistry(conv: true))
    let y = try compiled.run(["x": Tensor([5, 7] as [Float], shape: [1, 2, 1, 1])])["y"]
    // conv: 5 + 14 + 1 = 20 and 15 + 28 − 1 = 42
    let expected: [Float] = [(20 - 1) / 2 * 2 + 0.5, (42 - 2) * 3 + 0.25]
    for (value, wanted) in zip(try #require(y).elements(Float.self), expected) {
      #expect(abs(value - wanted) < 1e-4 * wanted)
    }
  }

  @Test("Shapes that depend on data run node by node")
  func dynamic() throws {
    let definition = model(
      [
        Node("EvenNumbers", domain: "test", inputs: ["x"], outputs: ["e"]),
        Node("EvenNumbers", domain: "test", inputs: ["e"], outputs: ["y"]),
      ], inputs: [tensorInput("x", ["N"], .int64)], outputs: ["y"])
    let compiled = try CompiledModel(definition, registry: testRegistry())
    let results = try compiled.run(["x": Tensor([1, 2, 3, 4] as [Int64], shape: [4])])
    #expect(try results["y"]?.elements(Int64.self) == [2, 4])
  }

  @Test("Shape folds to a constant")
  func shape() throws {
    let definition = model(
      [Node("Shape", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", ["N", 3])], outputs: ["y"])
    let compiled = try CompiledModel(definition, registry: testRegistry())
    for count in [1, 5] {
      let x = try Tensor([Float](repeating: 0, count: 3 * count), shape: [count, 3])
      #expect(try compiled.run(["x": x])["y"]?.elements(Int64.self) == [Int64(count), 3])
    }
  }

  @Test("A function's body takes the call's values and attributes")
  func functions() throws {
    var definition = model(
      [Node("Twice", domain: "test", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])], outputs: ["y"])
    var function = Function()
    function.name = "Twice"
    function.domain = "test"
    function.inputs = ["a"]
    function.outputs = ["b"]
    function.nodes = [
      Node("Add", inputs: ["a", "a"], outputs: ["sum"]), Node("Identity", inputs: ["sum"], outputs: ["b"]),
    ]
    definition.functions = [function]
    let compiled = try CompiledModel(definition, registry: testRegistry())
    #expect(try compiled.run(["x": Tensor([1, 2] as [Float], shape: [2])])["y"]?.elements(Float.self) == [2, 4])
  }

  @Test("A kernel that fails gives its message and the node")
  func failure() throws {
    let compiled = try CompiledModel(
      model(
        [Node("Failing", domain: "test", name: "f", inputs: ["x"], outputs: ["y"])], inputs: [tensorInput("x", [2])],
        outputs: ["y"]), registry: testRegistry())
    let found = try #require(throws: ZooError.self) {
      _ = try compiled.run(["x": Tensor([1, 2] as [Float], shape: [2])])
    }
    #expect(found.description.contains("this run fails") && found.description.contains("test.Failing \"f\""))
  }

  /// Up to operator set 6 a vector may lie along another axis than the last, which is as long.
  @Test func earlyVectorsLieAlongTheirAxis() throws {
    let axis = [Attribute("broadcast", .int(1)), Attribute("axis", .int(1))]
    let (x, b) = (try numbers([2, 64, 64], seed: 1), try numbers([64], seed: 2))
    for (type, attributes) in [("Add", axis), ("Mul", axis), ("PRelu", [])] {
      var definition = model(
        [Node("Abs", inputs: ["x"], outputs: ["a"]), Node("Neg", inputs: ["a"], outputs: ["n"])]
          + [Node(type, inputs: ["n", "b"], outputs: ["y"], attributes: attributes)],
        inputs: [tensorInput("x", [2, 64, 64])], outputs: ["y"], constants: ["b": b])
      definition.operatorSets = [OperatorSet(version: 6)]
      let y = try CompiledModel(definition, registry: shippedRegistry()).run(["x": x])["y"]
      let (values, slopes) = (try x.elements(Float.self), try b.elements(Float.self))
      let expected = values.enumerated().map { index, value in
        let (number, other) = (-value.magnitude, slopes[index / 64 % 64])
        return type == "Add" ? number + other : number * other
      }
      #expect(try y?.elements(Float.self) == expected, "\(type)")
    }
  }

  @Test("Many threads share one model")
  func concurrency() async throws {
    let compiled = try CompiledModel(small, registry: testRegistry())
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<64 {
        group.addTask {
          let count = 1 + task % 5 * 50
          let x = (0..<count).map { Float($0 - task) }
          for _ in 0..<20 {
            let y = try compiled.run(["x": Tensor(x, shape: [count])])["y"]
            guard try y?.elements(Float.self) == x.map({ max($0 + $0, 0) - $0 }) else { return false }
          }
          return true
        }
      }
      for try await right in group { #expect(right) }
    }
  }
}
