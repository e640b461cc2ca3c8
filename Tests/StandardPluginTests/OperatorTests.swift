import CZooPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// Checks against definitions, under every instruction set that the machine has.
@Suite struct OperatorTests {
  static let sets = CPU.ISA.allCases.filter { $0.rawValue <= CPU.current.isa.rawValue }

  private func run(
    _ isa: CPU.ISA, _ type: String, _ inputs: [Tensor?], _ attributes: [Attribute] = [], outputs: Int = 1,
    opset: Int64 = 22
  ) throws -> [Tensor] {
    let registry = OperatorRegistry()
    let table = try #require(standardPluginEntry(ZOO_PLUGIN_ABI_VERSION, HostTable(cpu: CPU(isa: isa)).pointer))
    try registry.register(table, origin: "tests")
    let node = Node(
      type, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "i\($0)" },
      outputs: (0..<outputs).map { "o\($0)" }, attributes: attributes)
    return try runOperator(node, inputs: inputs, opset: opset, registry: registry)
  }

  private func ramp(_ shape: [Int], _ seed: Int = 1) throws -> Tensor {
    let count = shape.reduce(1, *)
    return try Tensor((0..<count).map { Float(($0 * 37 + seed * 11) % 101) / 25 - 2 }, shape: shape)
  }

  private func expectClose(_ result: Tensor, _ expected: [Float], _ tolerance: Float = 1e-4) throws {
    let values: [Float] = try result.elements()
    try #require(values.count == expected.count)
    let worst = zip(values, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
    #expect(worst <= tolerance)
  }

  @Test(arguments: sets) func gemm(_ isa: CPU.ISA) throws {
    for (m, n, k) in [(1, 37, 70), (5, 16, 3), (80, 50, 300), (1, 1000, 513), (13, 33, 1)] {
      for transposed in [false, true] {
        let (a, b, c) = (try ramp([m, k]), try ramp(transposed ? [n, k] : [k, n], 2), try ramp([n], 3))
        let result = try run(
          isa, "Gemm", [a, b, c],
          [
            Attribute("transB", .int(transposed ? 1 : 0)), Attribute("alpha", .float(0.5)),
            Attribute("beta", .float(2)),
          ])
        let (x, y, z): ([Float], [Float], [Float]) = (try a.elements(), try b.elements(), try c.elements())
        var expected: [Float] = []
        for i in 0..<m {
          for j in 0..<n {
            var sum = 0.0
            for l in 0..<k { sum += Double(x[i * k + l]) * Double(y[transposed ? j * k + l : l * n + j]) }
            expected.append(Float(sum * 0.5 + 2 * Double(z[j])))
          }
        }
        try expectClose(result[0], expected)
      }
    }
  }

  @Test(arguments: sets) func broadcasting(_ isa: CPU.ISA) throws {
    let (a, b) = (try ramp([2, 3, 4, 5]), try ramp([3, 1, 5], 4))
    let (x, y): ([Float], [Float]) = (try a.elements(), try b.elements())
    let expected = x.indices.map { x[$0] * y[$0 / 20 % 3 * 5 + $0 % 5] }
    try expectClose(try run(isa, "Mul", [a, b])[0], expected, 1e-6)
    #expect(throws: ZooError.self) { try run(isa, "Add", [a, ramp([7])]) }
  }

  @Test(arguments: sets) func functions(_ isa: CPU.ISA) throws {
    let x = try Tensor((-200...200).map { Float($0) / 20 }, shape: [401])
    let values = try x.elements(Float.self).map(Double.init)
    let table: [(String, (Double) -> Double)] = [
      ("Exp", { exp($0) }), ("Tanh", { tanh($0) }), ("Erf", { erf($0) }), ("Sigmoid", { 1 / (1 + exp(-$0)) }),
      ("Relu", { max($0, 0) }), ("Softplus", { log1p(exp($0)) }), ("Elu", { $0 < 0 ? expm1($0) : $0 }),
      ("Floor", { $0.rounded(.down) }), ("Ceil", { $0.rounded(.up) }), ("Round", { $0.rounded(.toNearestOrEven) }),
      ("Gelu", { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }), ("Sin", { sin($0) }), ("Neg", { -$0 }),
      ("HardSwish", { $0 * min(1, max(0, $0 / 6 + 0.5)) }), ("Mish", { $0 * tanh(log1p(exp($0))) }),
    ]
    for (name, function) in table {
      try expectClose(try run(isa, name, [x])[0], values.map { Float(function($0)) }, 2e-6)
    }
    let positive = try Tensor((1...400).map { Float($0) * 0.37 }, shape: [400])
    let logs = try positive.elements(Float.self).map { Float(log(Double($0))) }
    try expectClose(try run(isa, "Log", [positive])[0], logs, 1e-6)
  }

  @Test(arguments: sets) func normalisations(_ isa: CPU.ISA) throws {
    let x = try ramp([2, 19, 3, 7])
    let values: [Float] = try x.elements()
    let sums = try run(
      isa, "ReduceSum",
      [try run(isa, "Softmax", [x], [Attribute("axis", .int(1))])[0], try Tensor([1] as [Int64], shape: [1])])
    try expectClose(sums[0], [Float](repeating: 1, count: 42), 1e-5)
    let lrn = try run(isa, "LRN", [x], [Attribute("size", .int(5)), Attribute("alpha", .float(0.1))])
    var expected: [Float] = []
    for index in values.indices {
      let channel = index / 21 % 19
      var sum: Float = 0
      for other in max(0, channel - 2)...min(18, channel + 2) {
        let value = values[index + (other - channel) * 21]
        sum += value * value
      }
      expected.append(values[index] / pow(1 + 0.02 * sum, 0.75))
    }
    try expectClose(lrn[0], expected, 1e-5)
    let mean = try run(isa, "GlobalAveragePool", [x])[0]
    try expectClose(mean, (0..<38).map { values[$0 * 21..<$0 * 21 + 21].reduce(0, +) / 21 }, 1e-5)
    let statistics = try (0..<4).map { _ in try Tensor((0..<19).map { Float($0) + 1 }, shape: [19]) }
    let normalised = try run(isa, "BatchNormalization", [x] + statistics)[0]
    try expectClose(
      normalised,
      values.indices.map {
        let s = Float($0 / 21 % 19) + 1
        return (values[$0] - s) / (s + 1e-5).squareRoot() * s + s
      }, 1e-5)
  }

  @Test func shapes() throws {
    let isa = CPU.current.isa
    let x = try Tensor((0..<24).map(Int64.init), shape: [2, 3, 4])
    func ints(_ values: Int64...) throws -> Tensor { try Tensor(values, shape: [values.count]) }
    #expect(try run(isa, "Reshape", [x, ints(0, -1)])[0].shape == [2, 12])
    #expect(try run(isa, "Flatten", [x])[0].shape == [2, 12])
    #expect(try run(isa, "Unsqueeze", [x, ints(0, -1)])[0].shape == [1, 2, 3, 4, 1])
    let transposed = try run(isa, "Transpose", [x])[0]
    #expect(transposed.shape == [4, 3, 2])
    #expect(try transposed.elements(Int64.self)[..<4] == [0, 12, 4, 16])
    let sliced = try run(isa, "Slice", [x, ints(-1, 3), ints(-100, 0), ints(1, 2), ints(-2, -1)])[0]
    #expect(sliced.shape == [2, 2, 3])
    #expect(try sliced.elements(Int64.self)[..<6] == [11, 10, 9, 3, 2, 1])
    let padded = try run(isa, "Pad", [try ints(1, 2, 3), ints(2, 1)], [.text("mode", "reflect")])[0]
    #expect(try padded.elements(Int64.self) == [3, 2, 1, 2, 3, 2])
    let gathered = try run(isa, "Gather", [x, ints(-1, 0)], [Attribute("axis", .int(2))])[0]
    #expect(try gathered.elements(Int64.self)[..<4] == [3, 0, 7, 4])
    #expect(throws: ZooError.self) { try run(isa, "Gather", [x, ints(5)]) }
    #expect(throws: ZooError.self) { try run(isa, "Reshape", [x, ints(5, -1)]) }
    let joined = try run(isa, "Concat", [x, x], [Attribute("axis", .int(1))])[0]
    #expect(joined.shape == [2, 6, 4])
    #expect(try joined.elements(Int64.self)[10..<14] == [10, 11, 0, 1])
    #expect(
      try run(isa, "ReduceSum", [x, ints(0, 2)], [Attribute("keepdims", .int(0))])[0].elements() == [60, 92, 124]
        as [Int64])
    #expect(try run(isa, "ArgMax", [x], [Attribute("axis", .int(1))])[0].elements() == [Int64](repeating: 2, count: 8))
    let top = try run(isa, "TopK", [try ramp([10]), ints(3)], outputs: 2)
    #expect(top[1].shape == [3])
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
