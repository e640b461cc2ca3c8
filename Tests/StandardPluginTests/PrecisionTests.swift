import Testing
import ZooCore
import ZooRuntime

/// Products whose operands may be rounded to bfloat16, against sums in double precision of operands rounded here.
@Suite struct PrecisionTests {
  /// To nearest even, as IEEE 754 rounds.
  private static func rounded(_ value: Float) -> Double {
    let bits = value.bitPattern
    return Double(Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000))
  }

  struct Case: Sendable, CustomStringConvertible {
    var rows, depth, columns: Int
    var isTransposed = false
    var description: String { "\(rows)×\(depth)×\(columns)\(isTransposed ? " transposed" : "")" }
  }

  static let cases: [Case] = [
    Case(rows: 1, depth: 64, columns: 32), Case(rows: 1, depth: 37, columns: 19), Case(rows: 1, depth: 1, columns: 1),
    Case(rows: 5, depth: 7, columns: 33), Case(rows: 13, depth: 600, columns: 48),
    Case(rows: 100, depth: 301, columns: 65), Case(rows: 7, depth: 513, columns: 40, isTransposed: true),
    Case(rows: 1, depth: 1030, columns: 70, isTransposed: true), Case(rows: 3, depth: 2, columns: 1000),
    // Weights that are read in several pieces.
    Case(rows: 2, depth: 1501, columns: 900), Case(rows: 2, depth: 1501, columns: 900, isTransposed: true),
  ]

  @Test(arguments: cases) func productsInBFloat16(_ test: Case) throws {
    var numbers = Numbers(test.rows + test.depth)
    let x = try numbers.tensor([test.rows, test.depth])
    let w = try numbers.tensor(
      test.isTransposed ? [test.columns, test.depth] : [test.depth, test.columns], scale: 0.1)
    let bias = try numbers.tensor([test.columns])
    let (left, right): ([Float], [Float]) = (try x.elements(), try w.elements())
    let shift: [Float] = try bias.elements()
    var expected: [Float] = []
    for row in 0..<test.rows {
      for column in 0..<test.columns {
        var sum = Double(shift[column])
        for k in 0..<test.depth {
          let factor = right[test.isTransposed ? column * test.depth + k : k * test.columns + column]
          sum += Self.rounded(left[row * test.depth + k]) * Self.rounded(factor)
        }
        expected.append(max(0, Float(sum)))
      }
    }
    let product = Node(
      "Gemm", inputs: ["x", "w", "b"], outputs: ["p"],
      attributes: [Attribute("transB", .int(test.isTransposed ? 1 : 0))])
    var sample = Sample()
    sample.nodes = [product, Node("Relu", inputs: ["p"], outputs: ["y"])]
    sample.inputs = [("x", x)]
    sample.constants = [("w", w), ("b", bias)]
    sample.outputs = ["y"]
    let wanted = try Tensor(expected, shape: [test.rows, test.columns])
    for isa in instructionSets {
      let model = try sample.compiled(isa, precision: .bfloat16)
      #expect(try model.steps(for: [x.shape])[0].summary?.contains("bfloat16") == true)
      try expectClose(#require(model.run(["x": x])["y"]), wanted, 2e-5, "\(test), \(isa)")
    }
  }

  @Test func float32StaysExact() throws {
    var numbers = Numbers(5)
    let x = try numbers.tensor([4, 70])
    var sample = Sample()
    sample.nodes = [Node("MatMul", inputs: ["x", "w"], outputs: ["y"])]
    sample.inputs = [("x", x)]
    sample.constants = [("w", try numbers.tensor([70, 20]))]
    sample.outputs = ["y"]
    for isa in instructionSets {
      let exact = try sample.run(isa)[0]
      try expectClose(exact, sample.runNodeByNode()[0], 1e-5)
      let rough = try #require(sample.compiled(isa, precision: .bfloat16).run(["x": x])["y"])
      try expectClose(rough, exact, 0.1)
      #expect(rough.withUnsafeBytes { Array($0) } != exact.withUnsafeBytes { Array($0) })
    }
  }

  @Test func infinitiesAndNotANumberSurvive() throws {
    var sample = Sample()
    sample.nodes = [Node("MatMul", inputs: ["x", "w"], outputs: ["y"])]
    let x = try Tensor([1, .infinity, .nan, -.infinity, 3e38, .leastNonzeroMagnitude] as [Float], shape: [6, 1])
    sample.inputs = [("x", x)]
    sample.constants = [("w", try Tensor([2] as [Float], shape: [1, 1]))]
    sample.outputs = ["y"]
    for isa in instructionSets {
      let y: [Float] = try #require(sample.compiled(isa, precision: .bfloat16).run(["x": x])["y"]).elements()
      #expect(y[0] == 2 && y[1] == .infinity && y[2].isNaN && y[3] == -.infinity && y[4] == .infinity)
      #expect(abs(y[5]) < 1e-38)
    }
  }
}
