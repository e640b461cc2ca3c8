import Testing
import WeightBlocks
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// Products by weights in GGUF's blocks beside products of what the blocks stand for.
@Suite struct BlockProductTests {
  private static let types = GGUFType.allCases.filter(\.hasProducts)
  private static let (depth, columns) = (768, 37)

  /// Random blocks with scales of about 1/100.
  private static func blocks(_ type: GGUFType, _ numbers: inout Numbers) throws -> Tensor {
    let row = depth / type.blockCount * type.blockBytes
    var bytes = (0..<columns * row).map { _ in UInt8(numbers.below(256)) }
    let halves: [Int] =
      switch type {
      case .q4_1, .q5_1, .q4_k, .q5_k: [0, 2]
      case .q2_k: [80, 82]
      case .q3_k: [108]
      case .q6_k: [208]
      case .tq2_0: [64]
      case .mxfp4: []
      default: [0]
      }
    for start in stride(from: 0, to: bytes.count, by: type.blockBytes) {
      for half in halves { bytes[start + half + 1] = 0x20 | bytes[start + half + 1] & 0x83 }
      if type == .mxfp4 { bytes[start] = UInt8(118 + numbers.below(6)) }
    }
    return try Tensor(bytes, shape: [columns, row])
  }

  private func model(_ type: GGUFType, _ blocks: Tensor, rows: Int, on cpu: CPU, _ precision: Precision) throws
    -> CompiledModel
  {
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 20), OperatorSet(domain: "zoo.weights", version: 1)]
    definition.graph.nodes = [
      Node(
        "DequantizeBlocks", domain: "zoo.weights", inputs: ["b"], outputs: ["w"],
        attributes: [Attribute("type", .int(Int64(type.rawValue)))]),
      Node("Gemm", inputs: ["x", "w", "c"], outputs: ["y"], attributes: [Attribute("transB", .int(1))]),
      Node("Relu", inputs: ["y"], outputs: ["z"]),
    ]
    definition.graph.inputs = [
      ValueInfo(name: "x", elementType: .float32, shape: [rows, Self.depth].map { ShapeDimension(.fixed(Int64($0))) })
    ]
    definition.graph.outputs = [ValueInfo(name: "z")]
    let bias = try Tensor((0..<Self.columns).map { Float($0) / 8 - 2 }, shape: [Self.columns])
    definition.graph.initializers = [
      NamedTensor(name: "b", tensor: StoredTensor(blocks)), NamedTensor(name: "c", tensor: StoredTensor(bias)),
    ]
    return try CompiledModel(
      definition, registry: registry(on: cpu), options: CompileOptions(arithmetic: Arithmetic(precision)))
  }

  /// max(x · wᵀ + c, 0) in double precision, `w` as the reader of files dequantizes it.
  private func expected(_ x: [Float], _ blocks: Tensor, _ type: GGUFType, rows: Int) throws -> [Float] {
    let w = try #require(try StoredTensor(blocks).dequantized(fromBlocksOf: type)).load().elements(Float.self)
    return (0..<rows * Self.columns).map { place in
      let (row, column) = place.quotientAndRemainder(dividingBy: Self.columns)
      let sum = (0..<Self.depth).reduce(Double(column) / 8 - 2) {
        $0 + Double(x[row * Self.depth + $1]) * Double(w[column * Self.depth + $1])
      }
      return Float(max(sum, 0))
    }
  }

  @Test(arguments: types, [1, 3, 14, 27]) func products(type: GGUFType, rows: Int) throws {
    var numbers = Numbers(rows)
    let blocks = try Self.blocks(type, &numbers)
    let x = try numbers.tensor([rows, Self.depth])
    let wanted = try expected(x.elements(), blocks, type, rows: rows)
    let largest = wanted.reduce(0, max)
    var first: [Float]?
    for cpu in processors {
      for precision in [Precision.float32, .exact] {
        let model = try model(type, blocks, rows: rows, on: cpu, precision)
        let found = try #require(try model.run(["x": x])["z"]).elements(Float.self)
        let error = zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
        #expect(error < (precision == .exact ? 1e-5 : 0.02), "\(cpu) \(precision)")
        // Rounded, they are the same bits everywhere.
        if precision == .float32 {
          if let first { #expect(found == first, "\(cpu)") } else { first = found }
        }
        let steps = try model.steps(for: [[rows, Self.depth]])
        #expect(steps.map(\.operatorType) == ["BlockMatMul"])
      }
    }
  }

  /// A row's result does not depend on the others.
  @Test func rowsAreIndependent() throws {
    var numbers = Numbers(5)
    let blocks = try Self.blocks(.q4_k, &numbers)
    let x = try numbers.tensor([27, Self.depth]).elements(Float.self)
    func run(_ rows: Range<Int>) throws -> [Float] {
      let part = Array(x[rows.lowerBound * Self.depth..<rows.upperBound * Self.depth])
      let model = try model(.q4_k, blocks, rows: rows.count, on: .current, .float32)
      return try #require(try model.run(["x": Tensor(part, shape: [rows.count, Self.depth])])["z"]).elements()
    }
    let all = try run(0..<27)
    for row in [0, 11, 12, 26] {
      #expect(try run(row..<row + 1) == all[row * Self.columns..<(row + 1) * Self.columns].map { $0 })
    }
  }

  /// What is not finite spoils its row alone.
  @Test func numbersThatAreNone() throws {
    var numbers = Numbers(6)
    let blocks = try Self.blocks(.q8_0, &numbers)
    var x = try numbers.tensor([3, Self.depth]).elements(Float.self)
    x[Self.depth + 40] = .infinity
    let model = try model(.q8_0, blocks, rows: 3, on: .current, .float32)
    let found = try #require(try model.run(["x": Tensor(x, shape: [3, Self.depth])])["z"]).elements(Float.self)
    for (place, value) in found.enumerated() { #expect(value.isNaN == (place / Self.columns == 1)) }
  }

  /// Rows that a graph chooses when it runs, as tables of embeddings are looked up.
  @Test(arguments: types) func chosenRows(type: GGUFType) throws {
    var numbers = Numbers(9)
    let blocks = try Self.blocks(type, &numbers)
    let wanted = try #require(try StoredTensor(blocks).dequantized(fromBlocksOf: type)).load()
    let node = Node(
      "DequantizeBlocks", domain: "zoo.weights", inputs: ["b"], outputs: ["w"],
      attributes: [Attribute("type", .int(Int64(type.rawValue)))])
    let found = try runOperator(node, inputs: [blocks], opset: 1, registry: registry(.generic))[0]
    #expect(found.shape == [Self.columns, Self.depth])
    #expect(try found.elements(Float.self).map(\.bitPattern) == wanted.elements(Float.self).map(\.bitPattern))
  }
}
