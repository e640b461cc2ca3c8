import CZooPlugin
import StandardPlugin
import Testing
import VisionPlugin
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// A network over regions of which only a counted number is read: it goes through them in batches.
@Suite("Rows in batches")
struct RowBatchTests {
  private static let (regions, side, classes) = (100, 4, 2)

  private static func random(_ shape: [Int], _ numbers: inout Numbers, scale: Float = 1) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { _ in (numbers.next() - 0.5) * scale }, shape: shape)
  }

  /// Regions of a picture, a product over each, and what is found.
  ///
  /// - Parameter showsScores: Whether callers get all scores and boxes, so that none may be left out.
  private static func detector(showsScores: Bool) throws -> CompiledModel {
    var numbers = Numbers()
    let pixels = 3 * side * side
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "zoo.vision", version: 1)]
    definition.graph.inputs = [
      ValueInfo(name: "picture", elementType: .float32, shape: [1, 3, 40, 60]),
      ValueInfo(name: "boxes", elementType: .float32, shape: [ShapeDimension(integerLiteral: Int64(regions)), 4]),
      ValueInfo(name: "count", elementType: .int64, shape: [1]),
    ]
    func node(_ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [Attribute] = []) -> Node {
      let isOwn = ["ExpandBoxes", "ApplyBoxRegression", "ClassNonMaxSuppression"].contains(type)
      return Node(
        type, domain: isOwn ? "zoo.vision" : "", name: outputs[0], inputs: inputs, outputs: outputs,
        attributes: attributes)
    }
    definition.graph.nodes = [
      node("ExpandBoxes", ["boxes"], ["grown"], [Attribute("scale", .float(1.5))]),
      node(
        "RoiAlign", ["picture", "grown", "images"], ["warped"],
        [Attribute("output_height", .int(Int64(side))), Attribute("output_width", .int(Int64(side)))]),
      node("Reshape", ["warped", "flat"], ["rows"]), node("Mul", ["rows", "scales"], ["scaled"]),
      node("Gemm", ["scaled", "weights", "bias"], ["hidden"]), node("Relu", ["hidden"], ["features"]),
      node("MatMul", ["features", "classifier"], ["logits"]), node("Softmax", ["logits"], ["scores"]),
      node("MatMul", ["features", "regressor"], ["offsets"]),
      node("ApplyBoxRegression", ["boxes", "offsets", "picture"], ["moved"]),
      node(
        "ClassNonMaxSuppression", ["moved", "scores", "count"], ["found", "best", "kinds", "number"],
        [Attribute("max_detections", .int(50)), Attribute("iou_threshold", .float(0.4))]),
    ]
    definition.graph.outputs = (["found", "best", "kinds", "number"] + (showsScores ? ["scores", "moved"] : [])).map {
      ValueInfo(name: $0)
    }
    definition.graph.initializers = try [
      ("images", Tensor([Int64](repeating: 0, count: regions), shape: [regions])),
      ("flat", Tensor([Int64(regions), Int64(pixels)], shape: [2])),
      ("scales", random([regions, 1], &numbers)), ("weights", random([pixels, 32], &numbers)),
      ("bias", random([32], &numbers)), ("classifier", random([32, classes], &numbers)),
      ("regressor", random([32, 4 * classes], &numbers, scale: 0.1)),
    ].map { NamedTensor(name: $0.0, tensor: StoredTensor($0.1)) }
    let registry = OperatorRegistry()
    let host = HostTable(cpu: CPU.current).pointer
    try registry.register(#require(visionPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
    try registry.register(#require(standardPluginEntry(ZOO_PLUGIN_ABI_VERSION, host)), origin: "tests")
    return try CompiledModel(definition, registry: registry, options: CompileOptions(threads: 2))
  }

  private static func inputs(count: Int) throws -> [String: Tensor] {
    var numbers = Numbers(state: 7)
    var boxes: [Float] = []
    for _ in 0..<regions {
      let (left, top) = (numbers.next() * 50, numbers.next() * 30)
      boxes += [left, top, left + 2 + numbers.next() * 20, top + 2 + numbers.next() * 20]
    }
    return try [
      "picture": random([1, 3, 40, 60], &numbers), "boxes": Tensor(boxes, shape: [regions, 4]),
      "count": Tensor([Int64(count)], shape: [1]),
    ]
  }

  private static func products(_ model: CompiledModel, count: Int) throws -> Int {
    let profile = try model.profile(inputs(count: count))
    return profile.nodes.count { profile.steps[$0.step].operatorType == "Gemm" }
  }

  @Test("The answers are those of all rows at once")
  func answers() throws {
    let (batched, whole) = (try Self.detector(showsScores: false), try Self.detector(showsScores: true))
    let shapes = [[1, 3, 40, 60], [Self.regions, 4], [1]]
    let operators = try batched.steps(for: shapes).map(\.operatorType)
    #expect(operators.suffix(2) == ["RowBatches", "ClassNonMaxSuppression"] && operators.contains("Gemm"))
    #expect(try !whole.steps(for: shapes).contains { $0.operatorType == "RowBatches" })
    for count in [100, 0, 1, 31, 64, 65, 99, -3, 1000] {
      let (made, wanted) = (
        try batched.run(Self.inputs(count: count)), try whole.run(Self.inputs(count: count))
      )
      #expect(try made["number"]?.elements(Int64.self) == wanted["number"]?.elements(Int64.self))
      #expect(try made["kinds"]?.elements(Int64.self) == wanted["kinds"]?.elements(Int64.self))
      for name in ["found", "best"] {
        let pairs = zip(
          try #require(made[name]).elements(Float.self), try #require(wanted[name]).elements(Float.self))
        #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
      }
    }
  }

  @Test("Only rows that are counted are computed, by few plans")
  func counts() throws {
    let model = try Self.detector(showsScores: false)
    #expect(try Self.products(model, count: 0) == 0)
    // 64, 32 and 4 rows; 64; 32, 16, 8, 4, 2 and 1.
    #expect(try Self.products(model, count: 100) == 3)
    #expect(try Self.products(model, count: 64) == 1)
    #expect(try Self.products(model, count: 63) == 6)
  }
}
