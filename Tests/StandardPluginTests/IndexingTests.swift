import Testing
import ZooCore
import ZooRuntime

/// Indices from models and inputs stay within what they index.
@Suite("Indices")
struct IndexingTests {
  private func run(
    _ type: String, _ inputs: [Tensor], _ attributes: [Attribute] = [], opset: Int64 = 20
  ) throws -> [Tensor] {
    let names = inputs.indices.map { "x\($0)" }
    let node = Node(type, name: "node", inputs: names, outputs: ["y"], attributes: attributes)
    return try runOperator(node, inputs: inputs, opset: opset, registry: registry(.generic))
  }

  private let data = [Float](repeating: 1, count: 24)

  private static let places: [(String, [Int], [Int], [Int], [Int]?)] = [
    ("Gather", [3, 4], [2], [0, -4], nil),
    ("Gather", [3, 0], [1], [3], nil),
    ("GatherElements", [3, 4], [2, 2], [0, 3, -1, 1], nil),
    ("GatherElements", [3, 4], [2, 2], [0, -4, -1, 1], nil),
    ("GatherND", [3, 4], [2, 2], [0, 1, 2, 4], nil),
    ("GatherND", [3, 0], [1, 2], [0, 0], nil),
    ("ScatterElements", [3, 4], [2, 2], [0, 3, -1, 1], [2, 2]),
    ("ScatterND", [3, 4], [2, 1], [0, -4], [2, 4]),
  ]

  @Test("An index outside is an error that names it", arguments: places)
  func outside(type: String, shape: [Int], indexShape: [Int], indices: [Int], updates: [Int]?) throws {
    var inputs = [
      try Tensor(Array(data.prefix(shape.reduce(1, *))), shape: shape),
      try Tensor(indices.map(Int64.init), shape: indexShape),
    ]
    if let updates { inputs.append(try Tensor(Array(data.prefix(updates.reduce(1, *))), shape: updates)) }
    let error = #expect(throws: ZooError.self) { try run(type, inputs) }
    #expect(error?.message.contains("outside") == true)
  }

  @Test("Lengths of sequences and places of maxima are checked")
  func lengths() throws {
    let x = try Tensor(data, shape: [4, 3, 2])
    for length in [-1, 5] {
      let lengths = try Tensor([1, 2, Int64(length)], shape: [3])
      #expect(throws: ZooError.self) { try run("ReverseSequence", [x, lengths]) }
    }
    let pooled = try Tensor(Array(data.prefix(4)), shape: [1, 1, 2, 2])
    for place in [-1, 16] {
      let places = try Tensor([0, 1, 2, Int64(place)], shape: [1, 1, 2, 2])
      #expect(throws: ZooError.self) {
        try run(
          "MaxUnpool", [pooled, places],
          [
            Attribute("kernel_shape", .ints([2, 2])), Attribute("strides", .ints([2, 2])),
          ])
      }
    }
  }

  @Test("Sizes that make no sense are errors", arguments: [Float(0), -1, .nan, .infinity, 1e30])
  func scales(scale: Float) throws {
    let x = try Tensor(data, shape: [1, 1, 4, 6])
    let node = Node("Resize", name: "node", inputs: ["x", "", "scales"], outputs: ["y"])
    let scales = try Tensor([1, 1, scale, scale], shape: [4])
    #expect(throws: ZooError.self) {
      try runOperator(node, inputs: [x, nil, scales], opset: 13, registry: registry(.generic))
    }
  }

  /// Between convolutions a picture stays in blocks of channels.
  @Test("Resize is the same in blocks", arguments: ["nearest", "linear", "cubic"])
  func blocks(mode: String) throws {
    var numbers = Numbers(7)
    var sample = Sample()
    sample.inputs = [("x", try numbers.tensor([2, 20, 9, 7]))]
    sample.constants = [
      ("w", try numbers.tensor([36, 20, 3, 3], scale: 0.1)), ("v", try numbers.tensor([20, 36, 3, 3], scale: 0.1)),
      ("sizes", try Tensor([2, 36, 13, 18].map(Int64.init), shape: [4])),
    ]
    sample.nodes = [
      Node("Conv", name: "a", inputs: ["x", "w"], outputs: ["a"]),
      Node("Resize", name: "b", inputs: ["a", "", "", "sizes"], outputs: ["b"], attributes: [.text("mode", mode)]),
      Node("Conv", name: "c", inputs: ["b", "v"], outputs: ["c"]),
    ]
    sample.outputs = ["c"]
    let expected = try sample.runNodeByNode()
    for isa in instructionSets { try expectClose(sample.run(isa)[0], expected[0], 1e-4, "\(isa)") }
  }
}
