import ModelZoo
import TestSupport
import Testing
import ZooCore

/// Numbers from -1 to 1 that look random and are the same each time.
func sampleNumbers(_ count: Int, seed: UInt64) -> [Float] {
  var generator = NormalGenerator(seed: seed)
  return (0..<count).map { _ in Float(Int(generator.bits() >> 40)) / Float(1 << 23) - 1 }
}

/// Convolution (normalized), ConvTranspose, MatMul and Gemm, transposed and not, on weights of float32.
private func network() throws -> ModelDefinition {
  var model = ModelDefinition()
  model.operatorSets = [OperatorSet(version: 17)]
  model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [2, 8, 6, 6])]
  model.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: [2, 40])]
  model.graph.nodes = [
    Node("Conv", inputs: ["x", "conv"], outputs: ["a"]),
    Node("BatchNormalization", inputs: ["a", "scale", "shift", "mean", "variance"], outputs: ["b"]),
    Node("Relu", inputs: ["b"], outputs: ["c"]),
    Node("GlobalAveragePool", inputs: ["c"], outputs: ["d"]),
    Node("Flatten", inputs: ["d"], outputs: ["e"]),
    Node("MatMul", inputs: ["e", "matmul"], outputs: ["f"]),
    Node("Gemm", inputs: ["f", "gemm", "bias"], outputs: ["g"], attributes: [Attribute("transB", .int(1))]),
    Node("Gemm", inputs: ["g", "plain"], outputs: ["y"]),
  ]
  func add(_ name: String, _ shape: [Int], _ values: [Float]? = nil) throws {
    let values = values ?? sampleNumbers(shape.reduce(1, *), seed: UInt64(name.utf8.reduce(7) { $0 * 31 + Int($1) }))
    model.graph.initializers.append(NamedTensor(name: name, tensor: StoredTensor(try Tensor(values, shape: shape))))
  }
  try add("conv", [32, 8, 3, 3])
  for (name, value) in [("scale", 1.5), ("shift", 0.25), ("mean", 0.125), ("variance", 2)] as [(String, Float)] {
    try add(name, [32], (0..<32).map { value + Float($0) / 32 })
  }
  try add("matmul", [32, 50])
  try add("gemm", [60, 50])
  try add("bias", [60])
  try add("plain", [60, 40])
  return model
}

extension ModelDefinition {
  fileprivate func constant(_ name: String) -> StoredTensor? { graph.initializers.first { $0.name == name }?.tensor }

  fileprivate mutating func set(_ name: String, _ tensor: Tensor) {
    guard let place = graph.initializers.firstIndex(where: { $0.name == name }) else { return }
    graph.initializers[place].tensor = StoredTensor(tensor)
  }
}

@Suite struct WeightStorageTests {
  /// The channels' axes by ONNX's definitions of the operators.
  private static let axes = ["conv": 0, "matmul": 1, "gemm": 0, "plain": 1]

  /// The weight, rounded by the definition, element by element.
  private static func rounded(_ tensor: Tensor, axis: Int, _ storage: WeightStorage) throws -> Tensor {
    let values: [Float] = try tensor.elements()
    let (shape, inner) = (tensor.shape, tensor.shape[(axis + 1)...].reduce(1, *))
    var largest = [Float](repeating: 0, count: shape[axis])
    for (index, value) in values.enumerated() {
      let channel = index / inner % shape[axis]
      largest[channel] = max(largest[channel], abs(value))
    }
    return try Tensor(
      values.enumerated().map { index, value in
        switch storage {
        case .float32: return value
        case .bfloat16:
          // The nearer of the two neighbours; these samples have no ties.
          let low = Float(bitPattern: value.bitPattern & 0xffff_0000)
          let high = Float(bitPattern: (value.bitPattern & 0xffff_0000) &+ 0x1_0000)
          return abs(value - low) < abs(high - value) ? low : high
        case .int8:
          let scale = largest[index / inner % shape[axis]] / 127
          return (value / scale).rounded(.toNearestOrEven) * scale
        }
      }, shape: shape)
  }

  @Test(arguments: [WeightStorage.bfloat16, .int8])
  func computesWithRoundedWeights(storage: WeightStorage) throws {
    let exact = try network()
    let (stored, cost) = try exact.storingWeights(as: storage)
    #expect(cost.tensors == 4 && cost.kept.isEmpty)
    #expect(cost.bytesAfter < cost.bytesBefore * (storage == .int8 ? 35 : 55) / 100)
    var expected = exact
    var worst = 0.0
    for (name, axis) in Self.axes {
      let weight = try #require(exact.constant(name)).load()
      let rounded = try Self.rounded(weight, axis: axis, storage)
      expected.set(name, rounded)
      let (values, others): ([Float], [Float]) = (try weight.elements(), try rounded.elements())
      let largest = zip(values, others).map { abs(Double($0) - Double($1)) }.max() ?? 0
      worst = max(worst, largest / Double(values.map(abs).max() ?? 1))
      #expect(stored.constant(name) == nil)
    }
    #expect(abs(cost.largestError - worst) < 1e-9, "\(cost.largestError) \(worst)")
    #expect(cost.worstTensorError > 0 && cost.worstTensorError < 0.01)
    #expect(
      stored.graph.nodes.filter { $0.operatorType == (storage == .int8 ? "DequantizeLinear" : "Cast") }.count == 4)

    // Whatever the file it goes through.
    try withFolder { folder in
      let input = ["x": try Tensor(sampleNumbers(576, seed: 5), shape: [2, 8, 6, 6])]
      let wanted = try Model.linked(expected).run(input)["y"]?.elements(Float.self)
      for format in ModelFormat.written {
        let path = "\(folder)/m.\(format.rawValue)"
        try stored.write(to: path, format: format)
        let model = try Model(contentsOf: path, options: .init(plugins: .linked, threads: 1))
        #expect(try model.run(input)["y"]?.elements(Float.self) == wanted)
      }
      // Back to float32, they are plain initializers of the rounded numbers.
      let (plain, again) = try ModelDefinition(contentsOf: folder + "/m.zoo").storingWeights(as: .float32)
      #expect(again.tensors == 0 && again.bytesAfter == cost.bytesBefore)
      #expect(plain.graph.nodes.map(\.operatorType) == exact.graph.nodes.map(\.operatorType))
      #expect(Set(plain.graph.initializers.map(\.name)) == Set(exact.graph.initializers.map(\.name)))
      for name in Self.axes.keys {
        #expect(try plain.constant(name)?.load().elements(Float.self) == expected.constant(name)?.load().elements())
      }
      // Rounding what is rounded changes nothing.
      let (twice, second) = try ModelDefinition(contentsOf: folder + "/m.zoo").storingWeights(as: storage)
      #expect(second.tensors == 4 && second.largestError < 1e-6)
      #expect(try Model.linked(twice).run(input)["y"]?.shape == [2, 40])
    }
  }

  @Test func keepsWhatCannotBeRounded() throws {
    var model = try network()
    var values = sampleNumbers(32 * 50, seed: 3)
    values[77] = .nan
    model.set("matmul", try Tensor(values, shape: [32, 50]))
    values[77] = -.infinity
    model.set("gemm", try Tensor(Array((values + values)[..<3000]), shape: [60, 50]))
    for storage in [WeightStorage.int8, .bfloat16] {
      let (stored, cost) = try model.storingWeights(as: storage)
      #expect(cost.kept == ["matmul", "gemm"] && cost.tensors == 2)
      #expect(stored.constant("matmul")?.type == .float32)
    }
    // What rounds to infinity is no better.
    values[77] = .greatestFiniteMagnitude
    model.set("matmul", try Tensor(values, shape: [32, 50]))
    #expect(try model.storingWeights(as: .bfloat16).cost.kept == ["matmul", "gemm"])
  }

  @Test func zerosAndTinyNumbersHaveScales() throws {
    var model = try network()
    var values = sampleNumbers(60 * 50, seed: 3)
    for index in 0..<50 { values[index] = 0 }
    for index in 50..<100 { values[index] = .leastNonzeroMagnitude }
    model.set("gemm", try Tensor(values, shape: [60, 50]))
    let stored = try model.storingWeights(as: .int8).model
    let scales = try #require(stored.constant("gemm_scale")).load().elements(Float.self)
    #expect(scales.allSatisfy { $0 > 0 && $0.isFinite })
    let plain = try stored.storingWeights(as: .float32).model
    let rounded = try #require(plain.constant("gemm")).load().elements(Float.self)
    #expect(rounded[..<100].allSatisfy { $0 == 0 })
    #expect(zip(values, rounded).allSatisfy { abs($0 - $1) <= 1.001 / 254 })
  }

  @Test func forgetsWhatWasMeasuredWithOtherWeights() throws {
    var model = try network()
    model.metadata.accuracy = [ModelMetadata.Accuracy(dataset: "these", metric: "top1", value: 0.5)]
    #expect(try model.storingWeights(as: .float32).model.metadata.accuracy == model.metadata.accuracy)
    #expect(try model.storingWeights(as: .int8).model.metadata.accuracy.isEmpty)
  }

  @Test func refusesOldOperatorSets() throws {
    var model = try network()
    model.operatorSets = [OperatorSet(version: 12)]
    let error = try #require(throws: ZooError.self) { try model.storingWeights(as: .int8) }
    #expect(error.kind == .unsupported && error.message.contains("12") && error.message.contains("13"))
    #expect(try model.storingWeights(as: .float32).cost.tensors == 0)
  }

  @Test func namesAndDefaultsAreRespected() throws {
    var model = try network()
    // Somebody else's name, in a subgraph, and a weight that callers may replace.
    var branch = Graph()
    branch.nodes = [Node("Identity", inputs: ["conv"], outputs: ["conv_int8"])]
    model.graph.nodes.append(
      Node("If", inputs: ["e"], outputs: ["unused"], attributes: [Attribute("then_branch", .graph(branch))]))
    model.graph.inputs.append(ValueInfo(name: "plain", elementType: .float32, shape: [60, 40]))
    let (stored, cost) = try model.storingWeights(as: .int8)
    #expect(cost.tensors == 3 && stored.constant("plain")?.type == .float32)
    #expect(stored.constant("conv_int8_")?.type == .int8 && stored.constant("conv_int8") == nil)
    // What a subgraph reads stays.
    let plain = try stored.storingWeights(as: .float32).model
    #expect(plain.constant("conv")?.type == .float32 && plain.constant("conv_int8_") == nil)
  }
}
