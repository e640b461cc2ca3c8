import Testing
import ZooCore
import ZooOperators

/// What operators give where little is known of their inputs.
@Suite struct PartlyKnownTests {
  private let s = Dim.symbol("s")
  private let t = Dim.symbol("t")

  /// `nil` for an input of which nothing is known.
  private func infer(
    _ name: String, _ inputs: [[Dim]?], _ attributes: [Attribute] = [], domain: String = "", opset: Int64 = 28,
    outputs: Int = 1
  ) throws -> [ValueFacts] {
    try infer(
      name, facts: inputs.map { ValueFacts($0 == nil ? nil : .tensor(.float32), shape: $0) }, attributes,
      domain: domain, opset: opset, outputs: outputs)
  }

  private func infer(
    _ name: String, facts: [ValueFacts], _ attributes: [Attribute] = [], domain: String = "", opset: Int64 = 28,
    outputs: Int = 1
  ) throws -> [ValueFacts] {
    let node = Node(
      name, domain: domain, inputs: facts.indices.map { "x\($0)" }, outputs: (0..<outputs).map { "y\($0)" },
      attributes: attributes)
    let declaration = try #require(OperatorCatalogue.declaration(name, domain: domain))
    return try declaration.infer(Inference(node, opset: opset, inputs: facts))
  }

  private func list(_ elements: [Dim]) -> ValueFacts {
    ValueFacts(.tensor(.int64), shape: [Dim(elements.count)], elements: elements)
  }

  @Test func products() throws {
    #expect(try infer("MatMul", [[s, t, 8], [8, 5]])[0].shape == [s, t, 5])
    #expect(try infer("MatMul", [[s, t, 8], nil])[0].shape == nil)
    let gemm = try infer("Gemm", [nil, [5, 8]], [Attribute("transB", .int(1))])[0].shape
    #expect(gemm?.count == 2 && gemm?[1] == 5 && gemm?[0].number == nil)
    let sum = try infer("Einsum", [[s, 3], nil], [Attribute("equation", .string(Array("ij,jk->ki".utf8)))])[0].shape
    #expect(sum?.count == 2 && sum?[1] == s)
    #expect(try infer("Einsum", [nil], [Attribute("equation", .string(Array("...i->...".utf8)))])[0].shape == nil)
  }

  @Test func reductions() throws {
    let axes = ValueFacts(.tensor(.int64), shape: [2])
    let x = ValueFacts(.tensor(.float32), shape: [s, 1, t])
    let kept = try infer("ReduceSum", facts: [x, axes])[0].shape
    #expect(kept?.count == 3 && kept?[1] == 1 && kept?[0] != s)
    let dropped = [Attribute("keepdims", .int(0))]
    #expect(try infer("ReduceSum", facts: [x, axes], dropped)[0].shape?.count == 1)
    #expect(try infer("ReduceSum", facts: [ValueFacts(nil)], dropped)[0].shape == [])
    #expect(try infer("ReduceSum", facts: [x, ValueFacts(nil)], dropped)[0].shape == nil)
    #expect(try infer("ReduceMax", facts: [x], [Attribute("axes", .ints([-1]))], opset: 11)[0].shape == [s, 1, 1])
    #expect(try infer("ArgMax", [[s, t]])[0].shape == [1, t])
  }

  @Test func elementsOfExtents() throws {
    let dropped = [Attribute("keepdims", .int(0))]
    #expect(try infer("ReduceProd", facts: [list([s, t, 3])], dropped)[0].elements == [3 * s * t])
    #expect(try infer("ReduceSum", facts: [list([s, 3]), list([0])])[0].elements == [s + 3])
    #expect(try infer("ReduceMax", facts: [list([s, s + 1])])[0].elements == [s + 1])
    #expect(try infer("ReduceMin", facts: [list([4, 2])])[0].elements == [2])
    #expect(try infer("ReduceProd", facts: [list([])], dropped)[0].elements == [1])
    let none = [Attribute("noop_with_empty_axes", .int(1))]
    #expect(try infer("ReduceSum", facts: [list([s, 3])], none)[0].elements == [s, 3])
  }

  @Test func attentions() throws {
    let heads = ["q_num_heads", "kv_num_heads"].map { Attribute($0, .int(4)) }
    let flat = try infer("Attention", [[s, t, 32], [s, t, 32], nil], heads, outputs: 4).map(\.shape)
    #expect(flat[0]?.dropLast() == [s, t] && flat[0]?.count == 3)
    #expect(flat[1] == [s, 4, t, 8] && flat[3] == [s, 4, t, t])
    let past: [[Dim]] = [[s, 4, 1, 8], [s, 4, 1, 8], [s, 4, 1, 8], [1, t + 1], [s, 4, t, 8], [s, 4, t, 8]]
    #expect(try infer("Attention", past, outputs: 2)[1].shape == [s, 4, t + 1, 8])
    #expect(try infer("Attention", [nil, nil, nil], outputs: 2).map { $0.shape?.count } == [nil, 4])
    let counts = [Attribute("num_heads", .int(4)), Attribute("kv_num_heads", .int(2))]
    let cache = ValueFacts(.tensor(.float32), shape: [1, 2, t, 8])
    let queries = ValueFacts(.tensor(.float32), shape: [1, s, 32])
    let facts = [queries, queries, queries, cache, cache, ValueFacts(.int32, [1]), ValueFacts(.int32, [])]
    let grouped = try infer("GroupQueryAttention", facts: facts, counts, domain: "com.microsoft", outputs: 2)
    #expect(grouped[0].shape == [1, s, 32])
    #expect(grouped[1].shape?.count == 4 && grouped[1].shape?[2] != t)
  }

  @Test func recurrences() throws {
    let lstm = try infer(
      "LSTM", [nil, [2, 16, 3], [2, 16, 4]], [Attribute("direction", .string(Array("bidirectional".utf8)))], outputs: 3
    ).map(\.shape)
    #expect(lstm[0]?.count == 4 && lstm[0]?[1] == 2 && lstm[0]?[3] == 4)
    #expect(lstm[2]?.count == 3)
    let first = [Attribute("layout", .int(1)), Attribute("hidden_size", .int(4))]
    #expect(try infer("GRU", [[s, t, 3], nil, nil], first, outputs: 2).map(\.shape) == [[s, t, 1, 4], [s, 1, 4]])
  }

  @Test func types() throws {
    let (x, scale) = (ValueFacts(.float32, [2]), ValueFacts(.float16, []))
    func type(_ name: String, _ facts: [ValueFacts], _ attributes: [Attribute] = [], opset: Int64 = 28) throws
      -> ElementType?
    {
      try infer(name, facts: facts, attributes, opset: opset)[0].elementType
    }
    #expect(try type("QuantizeLinear", [x, scale]) == .uint8)
    #expect(try type("QuantizeLinear", [x, scale], [Attribute("output_dtype", .int(22))]) == .int4)
    #expect(try type("QuantizeLinear", [x, scale, ValueFacts(.int8, [])]) == .int8)
    #expect(try type("QuantizeLinear", [x, scale, ValueFacts(nil)]) == nil)
    #expect(try type("DequantizeLinear", [ValueFacts(.int8, [2]), scale]) == .float16)
    #expect(try type("DequantizeLinear", [ValueFacts(.int8, [2]), ValueFacts(nil)], opset: 13) == .float32)
    #expect(throws: ZooError.self) {
      try type("QuantizeLinear", [x, scale, ValueFacts(.int8, [])], [Attribute("output_dtype", .int(22))])
    }
    #expect(throws: ZooError.self) {
      try type("MatMul", [ValueFacts(.float32, [2, 2]), ValueFacts(.float64, [2, 2])])
    }
    let trained = [
      ValueFacts(.float32, []), ValueFacts(.int64, []), ValueFacts(.float64, [2]), x, ValueFacts(.float32, [3]),
    ]
    let adagrad = try infer("Adagrad", facts: trained, domain: "ai.onnx.preview.training", opset: 1, outputs: 2)
    #expect(adagrad.map(\.elementType) == [.float64, .float32] && adagrad.map(\.shape) == [[2], [3]])
  }
}
