import ModelZoo
import TestSupport
import Testing
import WeightBlocks
import ZooCore

/// Products whose weights are put into GGUF's blocks.
@Suite struct QuantizedProductTests {
  /// A table, MatMul, Gemm both ways, a product by the transposed table, and one that fits no blocks.
  private static func network() throws -> ModelDefinition {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(version: 17)]
    model.graph.inputs = [ValueInfo(name: "ids", elementType: .int64, shape: [2, 3])]
    model.graph.outputs = ["y", "odd"].map { ValueInfo(name: $0) }
    model.graph.nodes = [
      Node("Gather", inputs: ["table", "ids"], outputs: ["a"]),
      Node("MatMul", inputs: ["a", "matmul"], outputs: ["b"]),
      Node("Add", inputs: ["b", "bias"], outputs: ["c"]),
      Node("Relu", inputs: ["c"], outputs: ["d"]),
      Node("Reshape", inputs: ["d", "shape"], outputs: ["e"]),
      Node("Gemm", inputs: ["e", "gemm", "bias"], outputs: ["f"], attributes: [Attribute("transB", .int(1))]),
      Node("Gemm", inputs: ["f", "plain"], outputs: ["g"]),
      Node("Transpose", inputs: ["table"], outputs: ["h"], attributes: [Attribute("perm", .ints([1, 0]))]),
      Node("MatMul", inputs: ["g", "h"], outputs: ["y"]),
      Node("MatMul", inputs: ["y", "narrow"], outputs: ["odd"]),
    ]
    func add(_ name: String, _ shape: [Int], seed: UInt64) throws {
      let values = sampleNumbers(shape.reduce(1, *), seed: seed)
      model.graph.initializers.append(NamedTensor(name: name, tensor: StoredTensor(try Tensor(values, shape: shape))))
    }
    try add("table", [1000, 256], seed: 1)
    try add("matmul", [256, 96], seed: 2)
    try add("bias", [96], seed: 3)
    try add("gemm", [96, 96], seed: 4)
    try add("plain", [96, 256], seed: 5)
    try add("narrow", [1000, 40], seed: 6)
    model.graph.initializers.append(
      NamedTensor(name: "shape", tensor: StoredTensor(try Tensor([Int64(6), 96], shape: [2]))))
    model.metadata.accuracy = [ModelMetadata.Accuracy(dataset: "these", metric: "top1", value: 0.5)]
    return model
  }

  /// With constants that don't know of the blocks from which they were read.
  private static func loaded(_ definition: ModelDefinition) throws -> ModelDefinition {
    var definition = definition
    for index in definition.graph.initializers.indices {
      definition.graph.initializers[index].tensor = StoredTensor(try definition.graph.initializers[index].tensor.load())
    }
    return definition
  }

  private static func outputs(_ definition: ModelDefinition, _ precision: Precision) throws -> [String: Tensor] {
    let model = try Model(definition, options: Model.Options(plugins: .linked, threads: 2, precision: precision))
    return try model.run(["ids": Tensor([Int64(0), 5, 999, 17, 400, 5], shape: [2, 3])])
  }

  /// The largest difference over the largest number.
  private static func distance(_ left: Tensor?, _ right: Tensor?) throws -> Float {
    let (left, right) = (try #require(left), try #require(right))
    #expect(left.shape == right.shape)
    let pairs = zip(try left.elements(Float.self), try right.elements(Float.self))
    return pairs.reduce(0) { max($0, abs($1.0 - $1.1)) } / pairs.reduce(1e-9) { max($0, abs($1.1)) }
  }

  @Test func productsAreComputedOnBlocks() throws {
    let exact = try Self.network()
    let (blocks, cost) = try exact.quantizingProducts(to: .q4_k)
    #expect(cost.tensors == 4 && cost.storage == "q4_k" && blocks.metadata.accuracy.isEmpty)
    #expect(cost.fallbacks == ["gemm": "q5_0", "plain": "q5_0"])
    #expect(cost.unfit == ["narrow": 1000] && cost.kept.isEmpty)
    #expect(cost.bytesAfter < cost.bytesBefore / 3 && cost.worstTensorError > 0.01 && cost.worstTensorError < 0.1)
    let model = try Model(blocks, options: Model.Options(plugins: .linked, threads: 2))
    let steps = try model.steps(for: ["ids": [2, 3]])
    #expect(steps.count { $0.operatorType == "BlockMatMul" } == 4, "\(steps.map(\.operatorType))")
    // What the blocks stand for, in a network without them: the same but for rounding of sums.
    let plain = try Self.loaded(blocks.dequantizingBlocks())
    #expect(!plain.graph.nodes.contains { $0.operatorType == "DequantizeBlocks" })
    let wanted = try Self.outputs(plain, .float32)
    for name in ["y", "odd"] {
      let distance = try Self.distance(Self.outputs(blocks, .exact)[name], wanted[name])
      #expect(distance < 1e-5, "\(name)")
      #expect(try Self.distance(Self.outputs(blocks, .float32)[name], wanted[name]) < 0.03)
      #expect(try Self.distance(wanted[name], Self.outputs(exact, .float32)[name]) < 0.3)
    }
  }

  @Test func packagesHoldBlocks() throws {
    try withFolder { folder in
      let (blocks, _) = try Self.network().quantizingProducts(to: .q8_0)
      try blocks.write(to: folder + "/m.zoo", format: .package)
      let again = try ModelDefinition(contentsOf: folder + "/m.zoo")
      #expect(again.blockConstants.mapValues(\.type).values.sorted() == ["Q8_0", "Q8_0", "Q8_0", "Q8_0"])
      let wanted = try Self.outputs(blocks, .float32)
      #expect(try Self.outputs(again, .float32)["y"] == wanted["y"])
      // Blocks of the type that is wanted stay as they are; plain weights come out of them.
      let (twice, cost) = try again.quantizingProducts(to: .q8_0)
      #expect(cost.tensors == 4, "\(cost)")
      #expect(try Self.distance(Self.outputs(twice, .float32)["y"], wanted["y"]) < 1e-6)
      let plain = try Self.loaded(again.dequantizingBlocks())
      let distance = try Self.distance(Self.outputs(plain, .float32)["y"], Self.outputs(again, .exact)["y"])
      #expect(distance < 1e-5)
    }
  }

  @Test func whatIsNotFiniteStays() throws {
    var model = try Self.network()
    let place = try #require(model.graph.initializers.firstIndex { $0.name == "gemm" })
    var values = sampleNumbers(96 * 96, seed: 4)
    values[99] = .nan
    model.graph.initializers[place].tensor = StoredTensor(try Tensor(values, shape: [96, 96]))
    let (blocks, cost) = try model.quantizingProducts(to: .q5_1)
    #expect(cost.kept == ["gemm"] && cost.tensors == 3)
    #expect(blocks.graph.initializers.first { $0.name == "gemm" }?.tensor.type == .float32)
  }

  /// A matrix that is read both ways, or by something else, stays.
  @Test func otherUsesAreLeftAlone() throws {
    var model = try Self.network()
    model.graph.nodes.append(Node("Identity", inputs: ["matmul"], outputs: ["seen"]))
    model.graph.nodes.append(
      Node("Gemm", inputs: ["f", "gemm"], outputs: ["other"], attributes: [Attribute("transB", .int(0))]))
    let (_, cost) = try model.quantizingProducts(to: .q4_0)
    #expect(cost.tensors == 2)
  }
}
